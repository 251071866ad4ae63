/** First 32 bits of the fractional parts of roots of primes (FIPS 180-4, 4.2.2 and 5.3.3), computed rather than listed. */
function fractionsOfRoots(count: number, root: (prime: number) => number): Uint32Array {
  const fractions: number[] = []
  for (let candidate = 2; fractions.length < count; candidate += 1) {
    let isPrime = true
    for (let divisor = 2; divisor * divisor <= candidate; divisor += 1) {
      isPrime &&= candidate % divisor !== 0
    }
    if (isPrime) {
      fractions.push((root(candidate) % 1) * 2 ** 32)
    }
  }
  return Uint32Array.from(fractions)
}

const INITIAL_STATE = fractionsOfRoots(8, Math.sqrt)
const ROUND_CONSTANTS = fractionsOfRoots(64, Math.cbrt)

/** SHA-256 (FIPS 180-4) of a text in UTF-8: synchronous and without Node, so that browsers derive the same names. */
export function sha256(text: string): Uint8Array {
  const message = new TextEncoder().encode(text)
  const padded = new Uint8Array(Math.ceil((message.length + 9) / 64) * 64)
  padded.set(message)
  padded[message.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setUint32(padded.length - 8, Math.floor((message.length * 8) / 2 ** 32))
  view.setUint32(padded.length - 4, message.length * 8)

  const state = INITIAL_STATE.slice()
  for (let offset = 0; offset < padded.length; offset += 64) {
    compress(state, new DataView(padded.buffer, offset, 64))
  }
  const digest = new DataView(new ArrayBuffer(32))
  state.forEach((word, at) => {
    digest.setUint32(at * 4, word)
  })
  return new Uint8Array(digest.buffer)
}

function compress(state: Uint32Array, block: DataView): void {
  const schedule = new Uint32Array(64)
  for (let at = 0; at < 64; at += 1) {
    if (at < 16) {
      schedule[at] = block.getUint32(at * 4)
      continue
    }
    const early = word(schedule, at - 15)
    const late = word(schedule, at - 2)
    const sigma0 = rotate(early, 7) ^ rotate(early, 18) ^ (early >>> 3)
    const sigma1 = rotate(late, 17) ^ rotate(late, 19) ^ (late >>> 10)
    schedule[at] = word(schedule, at - 16) + sigma0 + word(schedule, at - 7) + sigma1
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state
  for (let at = 0; at < 64; at += 1) {
    const choice = (e & f) ^ (~e & g)
    const majority = (a & b) ^ (a & c) ^ (b & c)
    const sum0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
    const sum1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
    const first = (h + sum1 + choice + word(ROUND_CONSTANTS, at) + word(schedule, at)) | 0
    ;[h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + sum0 + majority) | 0]
  }
  for (const [at, value] of [a, b, c, d, e, f, g, h].entries()) {
    state[at] = word(state, at) + value
  }
}

function rotate(value: number, bits: number): number {
  return (value >>> bits) | (value << (32 - bits))
}

function word(words: Uint32Array, at: number): number {
  return words[at] ?? 0
}

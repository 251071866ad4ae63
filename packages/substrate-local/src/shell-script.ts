/** A word of a shell script that stands for exactly this text. */
export function shellQuote(text: string): string {
  if (text.includes('\0')) throw new Error('a word of a shell script cannot hold a NUL character')
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

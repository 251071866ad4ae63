/**
 * - `invalid-request`: asked for what cannot be (a program, a version, a mirror's address).
 * - `wrong-digest`: a file is not what was pinned or published. Nothing of it is kept.
 * - `truncated`: a file ended before its announced length, again after resuming.
 * - `disk-full`: no space left, or over quota.
 * - `store-unusable`: the store cannot be written or locked, or what is in it cannot be run.
 * - `no-tools`: nothing can be downloaded, and what a build needs is not here: a Go that is recent enough, and for runc a
 *   C compiler and libseccomp.
 * - `no-source`: no source has it; the message lists what each of them said.
 * - `build-failed`: Go said no.
 * - `image-failed`: crane said no.
 * - `wrong-version`: a program says that it is another version than the one that was asked for.
 */
export type DistributionFault =
  | 'invalid-request'
  | 'wrong-digest'
  | 'truncated'
  | 'disk-full'
  | 'store-unusable'
  | 'no-tools'
  | 'no-source'
  | 'build-failed'
  | 'image-failed'
  | 'wrong-version'

/** Why programs or releases could not be had, with the next step in its message. Nothing was installed half. */
export class DistributionError extends Error {
  override readonly name = 'DistributionError'
  readonly fault: DistributionFault

  constructor(fault: DistributionFault, message: string, options?: ErrorOptions) {
    super(message, options)
    this.fault = fault
  }
}

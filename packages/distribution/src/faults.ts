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
 * - `not-an-image`, `damaged-image`: a file that is to be loaded holds no image, or not all of one.
 * - `no-image-name`: nobody could ask for the image in it.
 * - `wrong-platform`: the image in it is for other machines.
 * - `name-taken`: an image of that name is there, and may not be replaced.
 * - `no-such-image`: the image store does not hold it.
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
  | 'not-an-image'
  | 'damaged-image'
  | 'no-image-name'
  | 'wrong-platform'
  | 'name-taken'
  | 'no-such-image'
  | 'wrong-version'

/** Why programs, images or releases could not be had, with the next step in its message. Nothing was installed half. */
export class DistributionError extends Error {
  override readonly name = 'DistributionError'
  readonly fault: DistributionFault

  constructor(fault: DistributionFault, message: string, options?: ErrorOptions) {
    super(message, options)
    this.fault = fault
  }
}

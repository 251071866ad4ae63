export {
  type LoadedImage,
  type LoadOptions,
  listImages,
  loadImage,
  placedImagePath,
  placeImages,
  removeImage,
  type StoredImage,
} from './archives/index.ts'
export { type CheckOptions, checkSources, type SourceCheck } from './check-sources.ts'
export { type EnsureOptions, ensurePrograms, type InstalledSet } from './ensure-programs.ts'
export { DistributionError, type DistributionFault } from './faults.ts'
export {
  type EnsureImagesOptions,
  ensureImages,
  type Image,
  type ImageName,
  type ImageProgressEvent,
  type ImageRequest,
  type InstalledImage,
  imagePath,
  imageReference,
  missingImages,
  nodeImageRequest,
  wantedImages,
} from './images/index.ts'
export { missingPrograms } from './missing-programs.ts'
export { addOnProgramRequest, nodeProgramRequest } from './node-programs.ts'
export type { ProgramRequest } from './program-request.ts'
export {
  type Platform,
  PROGRAM_SETS,
  PROGRAMS,
  type ProgramName,
  type ProgramReference,
  type ProgramSet,
  programSetOf,
  titleOf,
} from './programs.ts'
export type { ProgressEvent, ProgressPhase, SourceName } from './progress.ts'
export {
  type AddOnName,
  defaultRelease,
  type IndependentVersions,
  independentVersions,
  type NodeBundle,
  newestNodeBundle,
  nodeBundleOf,
  type Release,
  releaseOf,
  releases,
  type SupportStatus,
  supportStatus,
} from './releases/index.ts'
export { findGo, type GoSearch } from './sources/index.ts'
export { isInstalled, programPath, setFolder, storeRoot } from './store/index.ts'

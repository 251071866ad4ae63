export {
  type EnsureImagesOptions,
  ensureImages,
  type ImageProgressEvent,
  type InstalledImage,
  missingImages,
} from './ensure-images.ts'
export {
  IMAGE_NAMES,
  type Image,
  type ImageName,
  type ImageRequest,
  imagePath,
  imageReference,
  nodeImageRequest,
  OWN_REGISTRY,
  wantedImages,
} from './image.ts'

export {
  type LoadedImage,
  type LoadOptions,
  listImages,
  loadImage,
  placedImagePath,
  placeImages,
  removeImage,
  type StoredImage,
} from './image-store.ts'

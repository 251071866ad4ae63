export {
  type LoadedImage,
  type LoadOptions,
  listImages,
  loadImage,
  placeImages,
  removeImage,
  type StoredImage,
} from './image-store.ts'

export { fullDiskOf } from './full-disk.ts'
export { type InstallHomeOptions, installHome } from './install.ts'
export { HomeInstallation, type HomeInstallationOptions } from './keep-installed.ts'

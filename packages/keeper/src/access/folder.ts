/** What authenticators read. Names are like `clusters/abc.json`; files are whole, of mode 0600. */
export interface AuthenticatorFolder {
  read(file: string): Promise<string | undefined>
  write(file: string, content: string): Promise<void>
  remove(file: string): Promise<void>
  /** Names of all files. */
  list(): Promise<readonly string[]>
}

export type FolderStep =
  | { readonly kind: 'WriteFile'; readonly file: string; readonly content: string }
  | { readonly kind: 'RemoveFile'; readonly file: string }

export async function applyFolderStep(step: FolderStep, folder: AuthenticatorFolder): Promise<void> {
  if (step.kind === 'WriteFile') {
    await folder.write(step.file, step.content)
  } else {
    await folder.remove(step.file)
  }
}

// Long work: what runs, how far it is, and how to stop it.

export function JobsButton() {
  return null;
}

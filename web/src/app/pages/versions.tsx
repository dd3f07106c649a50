export function VersionsPage() {
  return <p>Versions</p>;
}

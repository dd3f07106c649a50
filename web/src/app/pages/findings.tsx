export function FindingsPage() {
  return <p>Findings</p>;
}

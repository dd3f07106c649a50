export function SlicesPage() {
  return <p>Slices</p>;
}

export function ComparePage() {
  return <p>Compare</p>;
}

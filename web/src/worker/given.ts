// Bytes that came by row of the version (an answer to a query, the outcome of a comparison), as bytes by point.

export class Given {
  private bytes = new Uint8Array(0);
  private n = -1;

  constructor(private readonly at: (row: number) => number) {}

  fresh(): Given {
    return new Given(this.at);
  }

  // Points may still be arriving: what is known is done again when there are more.
  byPoint(row: Uint32Array, n: number): Uint8Array {
    if (this.n === n) return this.bytes;
    this.bytes = new Uint8Array(row.length);
    for (let i = 0; i < n; i++) this.bytes[i] = this.at(row[i]!);
    this.n = n;
    return this.bytes;
  }
}

export const givenBits = (bits: Uint8Array): Given => new Given((row) => (bits[row >> 3]! >> (row & 7)) & 1);
export const givenBytes = (bytes: Uint8Array): Given => new Given((row) => bytes[row]!);

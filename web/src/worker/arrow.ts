// As much of Arrow's streaming format as the map is: a schema of plain numbers without nulls, then batches of them.
// https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format; a message's head is a FlatBuffer.

export interface Schema {
  names: string[];
  widths: number[]; // bits a number
  metadata: Map<string, string>;
}

// `regions`: where in `body` the numbers of each column begin.
export interface Numbers {
  length: number;
  regions: number[];
  body: ArrayBuffer;
}

const [SCHEMA, BATCH] = [1, 3];
const MESSAGE = { kind: 1, head: 2, bodyLength: 3 };
const COLUMN = { name: 0, type: 3 };

export async function readArrow(stream: ReadableStream<Uint8Array>, opened: (schema: Schema) => void, took: (batch: Numbers) => void): Promise<void> {
  const bytes = new Bytes(stream);
  for (;;) {
    const prefix = await bytes.take(8);
    const size = prefix === null ? 0 : new DataView(prefix).getInt32(4, true);
    const head = size === 0 ? null : await bytes.take(size);
    if (head === null) return;
    const message = Table.root(new DataView(head));
    const body = (await bytes.take(message.long(MESSAGE.bodyLength))) ?? new ArrayBuffer(0);
    const content = message.table(MESSAGE.head);
    if (content === null) continue;
    if (message.byte(MESSAGE.kind) === SCHEMA) opened(schemaOf(content));
    else if (message.byte(MESSAGE.kind) === BATCH) took(batchOf(content, body));
  }
}

function schemaOf(schema: Table): Schema {
  const fields = schema.tables(1);
  return {
    names: fields.map((one) => one.text(COLUMN.name)),
    widths: fields.map((one) => one.table(COLUMN.type)?.int(0) ?? 0),
    metadata: new Map(schema.tables(2).map((one) => [one.text(0), one.text(1)])),
  };
}

function batchOf(batch: Table, body: ArrayBuffer): Numbers {
  if (batch.table(3) !== null) throw new Error("The map came compressed.");
  // Of each column two buffers: which rows have a value, and the values.
  return { length: batch.long(0), regions: batch.offsets(2).filter((_, i) => i % 2 === 1), body };
}

// A FlatBuffer's table: its fields by their place in the schema, 0 or nothing where one is left out.
class Table {
  constructor(
    private readonly view: DataView<ArrayBuffer>,
    private readonly at: number,
  ) {}

  static root(view: DataView<ArrayBuffer>): Table {
    return new Table(view, view.getUint32(0, true));
  }

  byte(field: number): number {
    const at = this.place(field);
    return at === 0 ? 0 : this.view.getUint8(at);
  }

  int(field: number): number {
    const at = this.place(field);
    return at === 0 ? 0 : this.view.getInt32(at, true);
  }

  long(field: number): number {
    const at = this.place(field);
    return at === 0 ? 0 : Number(this.view.getBigInt64(at, true));
  }

  table(field: number): Table | null {
    const at = this.target(field);
    return at === 0 ? null : new Table(this.view, at);
  }

  text(field: number): string {
    const at = this.target(field);
    return at === 0 ? "" : new TextDecoder().decode(new Uint8Array(this.view.buffer, at + 4, this.view.getUint32(at, true)));
  }

  tables(field: number): Table[] {
    return this.places(field, 4).map((at) => new Table(this.view, at + this.view.getUint32(at, true)));
  }

  // Of pairs of an offset and a length, the offsets.
  offsets(field: number): number[] {
    return this.places(field, 16).map((at) => Number(this.view.getBigInt64(at, true)));
  }

  private places(field: number, size: number): number[] {
    const at = this.target(field);
    return at === 0 ? [] : Array.from({ length: this.view.getUint32(at, true) }, (_, i) => at + 4 + i * size);
  }

  private target(field: number): number {
    const at = this.place(field);
    return at === 0 ? 0 : at + this.view.getUint32(at, true);
  }

  private place(field: number): number {
    const slots = this.at - this.view.getInt32(this.at, true);
    const slot = 4 + 2 * field;
    const offset = slot < this.view.getUint16(slots, true) ? this.view.getUint16(slots + slot, true) : 0;
    return offset === 0 ? 0 : this.at + offset;
  }
}

// Bytes of a stream, as many as are asked for at once.
class Bytes {
  private readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  private part = new Uint8Array(0);

  constructor(stream: ReadableStream<Uint8Array>) {
    this.reader = stream.getReader();
  }

  // Nothing where the stream ended before them.
  async take(size: number): Promise<ArrayBuffer | null> {
    const taken = new Uint8Array(size);
    for (let at = 0; at < size; ) {
      if (this.part.length === 0) {
        const { value } = await this.reader.read();
        if (value === undefined) return null;
        this.part = new Uint8Array(value.buffer as ArrayBuffer, value.byteOffset, value.length);
      }
      const some = this.part.subarray(0, size - at);
      taken.set(some, at);
      at += some.length;
      this.part = this.part.subarray(some.length);
    }
    return taken.buffer;
  }
}

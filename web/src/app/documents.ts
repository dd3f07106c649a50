// The documents of the server, by the names that they have there.

import type { components } from "./schema";

type Schemas = components["schemas"];
export type About = Schemas["About"];
export type Compared = Schemas["Compared"];
export type ComparedSlice = Schemas["ComparedSlice"];
export type Comparisons = Schemas["Comparisons"];
export type Decided = Schemas["Decided"];
export type Decision = Schemas["Decision"];
export type Diff = Schemas["Diff"];
export type Done = Schemas["Done"];
export type Effect = Schemas["Effect"];
export type EvidenceRow = Schemas["EvidenceRow"];
export type FindingDetail = Schemas["FindingDetail"];
export type Flip = Schemas["Flip"];
export type Flips = Schemas["Flips"];
export type FoundKind = Schemas["FoundKind"];
export type Job = Schemas["Job"];
export type Jobs = Schemas["Jobs"];
export type Ledger = Schemas["Ledger"];
export type Lineage = Schemas["Lineage"];
export type Measurement = Schemas["Measurement"];
export type Near = Schemas["Near"];
export type Overview = Schemas["Overview"];
export type Pulse = Schemas["Pulse"];
export type Queue = Schemas["Queue"];
export type QueueItem = Schemas["QueueItem"];
export type Review = Schemas["Review"];
export type Row = Schemas["Row"];
export type RowDetail = Schemas["RowDetail"];
export type RowSets = Schemas["RowSets"];
export type Rows = Schemas["Rows"];
export type Sample = Schemas["Sample"];
export type Similar = Schemas["Similar"];
export type SliceLine = Schemas["SliceLine"];
export type Slices = Schemas["Slices"];
export type Version = Schemas["Version"];

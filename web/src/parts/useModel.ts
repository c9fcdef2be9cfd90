// What a store knows now, drawn again with each change.

import { useEffect, useState } from "preact/hooks";

export interface Readable<M> {
  readonly model: M;
  subscribe(listener: () => void): () => void;
}

export function useModel<M>(store: Readable<M>): M {
  const [model, setModel] = useState(store.model);
  useEffect(() => store.subscribe(() => setModel(store.model)), [store]);
  return model;
}

/** Lets so many in at a time; the others wait in the order in which they came. */
export interface Gate {
  /**
   * `onEnter` is called as soon as there is room, at once if there is now. What comes back leaves again, or waits no
   * longer; it may be called again.
   */
  enter(onEnter: () => void): () => void;
}

export function gate(room: number): Gate {
  const waiting = new Set<() => void>();
  let left = room;
  const admit = (): void => {
    for (const onEnter of waiting) {
      if (left === 0) return;
      left -= 1;
      waiting.delete(onEnter);
      onEnter();
    }
  };
  return {
    enter(onEnter) {
      let inside = false;
      let over = false;
      const come = (): void => {
        inside = true;
        onEnter();
      };
      waiting.add(come);
      admit();
      return () => {
        if (over) return;
        over = true;
        waiting.delete(come);
        if (!inside) return;
        left += 1;
        admit();
      };
    },
  };
}

// What the scripts have echoed where messages are compressed.

/** JSON, up to some KiB: alike, and none like the other. */
export function message(i) {
  const items = Array.from({ length: 1 + (i % 12) }, (_, k) => ({
    id: (i * 7919 + k * 104729) % 100_003,
    name: `item ${i} €`,
    tags: ["alpha", "beta", "😀"].slice(k % 3),
    value: Math.sin(i * 31 + k),
  }));
  return JSON.stringify({ type: "update", sequence: i, items });
}

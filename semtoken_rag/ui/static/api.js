// The server's streams: events by name, as they come.

export const about = async () => (await fetch("api/about")).json();

export async function* events(url, body, signal) {
  const bytes = body instanceof Blob;
  const response = await fetch(url, {
    method: "POST",
    body: bytes ? body : JSON.stringify(body),
    headers: { "Content-Type": bytes ? "application/octet-stream" : "application/json" },
    signal,
  });
  if (!response.ok) throw new Error(await problem(response));
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    rest += value;
    const blocks = rest.split("\n\n");
    rest = blocks.pop();
    for (const block of blocks.filter((b) => b.startsWith("event: "))) {
      const [name, data] = block.split("\n");
      const event = { name: name.slice(7), ...JSON.parse(data.slice(6)) };
      if (event.name === "error") throw new Error(event.message);
      yield event;
    }
  }
}

// Lets a server on this machine answer.
export async function connect(address) {
  const headers = { "Content-Type": "application/json" };
  const response = await fetch("api/reader", { method: "POST", body: JSON.stringify({ address }), headers });
  if (!response.ok) throw new Error(await problem(response));
  return response.json();
}

async function problem(response) {
  const text = await response.text();
  try {
    return JSON.parse(text).detail;
  } catch {
    return `${response.status}: ${text}`;
  }
}

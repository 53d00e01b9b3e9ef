// Echoes; or, once a connection has sent "p", publishes its messages to those that have sent "r".
const broadcast = process.argv[2] === "broadcast"
const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: (request, server) =>
        server.upgrade(request, { data: {} }) ? undefined : new Response(null, { status: 400 }),
    websocket: {
        maxPayloadLength: 64 << 20,
        backpressureLimit: 256 << 20,
        perMessageDeflate: false,
        message(socket, message) {
            if (!broadcast) {
                socket.send(message)
            } else if (socket.data.publishes) {
                server.publish("all", message)
            } else if (message[0] === "p".charCodeAt(0)) {
                socket.data.publishes = true
            } else {
                socket.subscribe("all")
                socket.send(Buffer.from("r"))
            }
        },
    },
})
console.log(server.port)
process.stdin.on("data", () => {})
process.stdin.on("end", () => process.exit(0))

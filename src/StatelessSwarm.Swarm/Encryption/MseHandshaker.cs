using System.Net.Sockets;
using System.Security.Cryptography;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Swarm.Encryption;

/// <summary>MSE over a connected socket. How long it may take is the caller's business, how much it may cost the gate's.</summary>
internal static class MseHandshaker
{
    /// <summary>As the side that connected; null when it came to nothing.</summary>
    public static async Task<MseInitiator?> InitiateAsync(
        Socket socket,
        InfoHash torrent,
        MseMethods offered,
        byte[] early,
        CancellationToken cancellation
    )
    {
        var exchange = new MseInitiator(torrent, offered, early, NewPrivateKey(), NewPad());
        return await RunAsync(socket, exchange, gate: null, cancellation) ? exchange : null;
    }

    /// <summary>As the side that was connected to; null when it came to nothing.</summary>
    /// <param name="socket">Connected.</param>
    /// <param name="received">What it has sent already, fewer bytes than a public key has.</param>
    /// <param name="torrents">Names of our torrents.</param>
    /// <param name="encryption">What we like.</param>
    /// <param name="gate">Bounds the cost.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<MseResponder?> RespondAsync(
        Socket socket,
        ReadOnlyMemory<byte> received,
        IReadOnlyList<InfoHash> torrents,
        StreamEncryption encryption,
        HandshakeGate gate,
        CancellationToken cancellation
    )
    {
        var exchange = new MseResponder(torrents, encryption, NewPrivateKey(), NewPad());
        exchange.Feed(received.Span);
        return await RunAsync(socket, exchange, gate, cancellation) ? exchange : null;
    }

    private static async Task<bool> RunAsync(Socket socket, MseExchange exchange, HandshakeGate? gate, CancellationToken cancellation)
    {
        var buffer = new byte[1024];
        while (exchange.Status is MseStatus.Bytes or MseStatus.Work)
        {
            if (exchange.Status == MseStatus.Bytes)
            {
                var received = await socket.ReceiveAsync(buffer.AsMemory(0, Math.Min(buffer.Length, exchange.Wanted)), cancellation);
                if (received == 0)
                    return false;
                exchange.Feed(buffer.AsSpan(0, received));
            }
            else if (gate is null)
            {
                exchange.Work();
            }
            else
            {
                await gate.RunAsync(exchange.Work, cancellation);
            }
            ReadOnlyMemory<byte> output = exchange.TakeOutput();
            while (output.Length > 0)
                output = output[await socket.SendAsync(output, cancellation)..];
        }
        return exchange.Status == MseStatus.Done;
    }

    private static byte[] NewPrivateKey() => RandomNumberGenerator.GetBytes(KeyExchange.PrivateSize);

    private static byte[] NewPad() => RandomNumberGenerator.GetBytes(RandomNumberGenerator.GetInt32(MseExchange.MaxPad + 1));
}

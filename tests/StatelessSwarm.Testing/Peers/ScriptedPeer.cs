using System.Net;
using System.Net.Sockets;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Testing.Peers;

/// <summary>
/// A peer under the test's control over a real socket: it sends exactly what it is told and hands out what it receives.
/// </summary>
public sealed class ScriptedPeer : IDisposable
{
    private readonly Socket _socket;
    private readonly WireLimits _limits;
    private readonly byte[] _buffer = new byte[1024 * 1024];
    private int _length;

    private ScriptedPeer(Socket socket, int pieceCount)
    {
        _socket = socket;
        _limits = new WireLimits(pieceCount);
    }

    /// <summary>What the other side said first.</summary>
    public Handshake? Remote { get; private set; }

    /// <summary>Connects and shakes hands for a torrent.</summary>
    public static async Task<ScriptedPeer> ConnectAsync(
        IPEndPoint endPoint,
        InfoHash hash,
        int pieceCount,
        bool isFast = true,
        bool isExtended = false,
        CancellationToken cancellation = default
    )
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(endPoint, cancellation);
        var peer = new ScriptedPeer(socket, pieceCount);
        await peer.SendHandshakeAsync(hash, isFast, isExtended, cancellation);
        peer.Remote = await peer.ReceiveHandshakeAsync(cancellation);
        return peer;
    }

    /// <summary>Takes one connection from a listener and answers its handshake.</summary>
    public static async Task<ScriptedPeer> AcceptAsync(
        TcpListener listener,
        int pieceCount,
        bool isFast = true,
        CancellationToken cancellation = default
    )
    {
        var socket = await listener.AcceptSocketAsync(cancellation);
        var peer = new ScriptedPeer(socket, pieceCount);
        peer.Remote = await peer.ReceiveHandshakeAsync(cancellation);
        await peer.SendHandshakeAsync(peer.Remote!.InfoHash, isFast, isExtended: false, cancellation);
        return peer;
    }

    /// <summary>Sends a message; a Piece needs its data.</summary>
    public async Task SendAsync(PeerMessage message, ReadOnlyMemory<byte> data = default, CancellationToken cancellation = default)
    {
        var bytes = new byte[PeerWire.SizeOf(message) + data.Length];
        var written = PeerWire.Write(message, bytes);
        data.CopyTo(bytes.AsMemory(written));
        await SendRawAsync(bytes, cancellation);
    }

    /// <summary>Reads and forgets whatever comes until the other side closes.</summary>
    public async Task WaitForCloseAsync(CancellationToken cancellation = default)
    {
        do
            _length = 0;
        while (await FillAsync(cancellation));
    }

    /// <summary>Sends any bytes.</summary>
    public async Task SendRawAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation = default)
    {
        while (bytes.Length > 0)
            bytes = bytes[await _socket.SendAsync(bytes, cancellation)..];
    }

    /// <summary>The next message (of a Piece with its data), or null when the other side has closed.</summary>
    public async Task<(PeerMessage Message, byte[] Data)?> ReceiveAsync(CancellationToken cancellation = default)
    {
        while (true)
        {
            var status = PeerWire.TryRead(_buffer.AsSpan(0, _length), _limits, out var message, out var consumed, out var fault);
            if (status == WireStatus.Fault)
                throw new InvalidOperationException($"we were sent a broken frame: {fault}");
            if (status == WireStatus.Message)
            {
                Consume(consumed);
                return (message, []);
            }
            if (status == WireStatus.PieceHeader && _length - consumed >= message.Length)
            {
                var data = _buffer.AsSpan(consumed, message.Length).ToArray();
                Consume(consumed + message.Length);
                return (message, data);
            }
            if (!await FillAsync(cancellation))
                return null;
        }
    }

    /// <summary>The next message of a kind, others skipped; null when the other side has closed.</summary>
    public async Task<(PeerMessage Message, byte[] Data)?> ReceiveAsync(
        PeerMessageKind kind,
        CancellationToken cancellation = default
    )
    {
        while (await ReceiveAsync(cancellation) is { } received)
        {
            if (received.Message.Kind == kind)
                return received;
        }
        return null;
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private async Task SendHandshakeAsync(InfoHash hash, bool isFast, bool isExtended, CancellationToken cancellation)
    {
        var bytes = new byte[Handshake.Size];
        var id = PeerId.Create(Guid.NewGuid().ToByteArray());
        new Handshake(hash, id, isExtended, isFast, SupportsV2: false).Write(bytes);
        await SendRawAsync(bytes, cancellation);
    }

    private async Task<Handshake?> ReceiveHandshakeAsync(CancellationToken cancellation)
    {
        while (_length < Handshake.Size)
        {
            if (!await FillAsync(cancellation))
                return null;
        }
        var handshake = Handshake.TryRead(_buffer.AsSpan(0, Handshake.Size));
        Consume(Handshake.Size);
        return handshake;
    }

    private async Task<bool> FillAsync(CancellationToken cancellation)
    {
        int received;
        try
        {
            received = await _socket.ReceiveAsync(_buffer.AsMemory(_length), cancellation);
        }
        catch (SocketException)
        {
            return false;
        }
        _length += received;
        return received > 0;
    }

    private void Consume(int count)
    {
        _buffer.AsSpan(count, _length - count).CopyTo(_buffer);
        _length -= count;
    }
}

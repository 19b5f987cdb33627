using System.Buffers;
using System.Net.Sockets;
using System.Threading.Channels;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Wire;
using StatelessSwarm.Swarm.Limits;

namespace StatelessSwarm.Swarm.Connections;

/// <summary>
/// One TCP connection after its handshake: a loop that receives, parses and hashes, and a loop that sends. The first reason to
/// stop is kept and ends both. Commands come from the torrent's owner; reports go to <see cref="IPeerEvents"/>.
/// </summary>
internal sealed class PeerConnection : IPeerConnection
{
    /// <summary>Receive buffer: room for a few control frames and the start of a block.</summary>
    private const int ReceiveBufferSize = 32 * 1024;

    /// <summary>Bytes gathered into one send at most.</summary>
    private const int SendBufferSize = 256 * 1024;

    /// <summary>Commands waiting to be sent at most; a peer that lets more pile up does not read and is dropped.</summary>
    private const int OutboundLimit = 64 * 1024;

    private readonly Socket _socket;
    private readonly WireLimits _limits;
    private readonly ByteBudget _uploadBudget;
    private readonly Channel<Outbound> _outbound = Channel.CreateBounded<Outbound>(
        new BoundedChannelOptions(OutboundLimit) { SingleReader = true, SingleWriter = true }
    );
    private readonly CancellationTokenSource _stop = new();
    private string? _stopReason;
    private Task _loops = Task.CompletedTask;

    /// <summary>Takes over a connected socket.</summary>
    /// <param name="handle">Name of the connection.</param>
    /// <param name="socket">Connected; owned from here on.</param>
    /// <param name="peer">Who is there.</param>
    /// <param name="limits">Bounds on what it may send.</param>
    /// <param name="uploadBudget">Shared by all connections that count against it.</param>
    public PeerConnection(PeerHandle handle, Socket socket, ConnectedPeer peer, WireLimits limits, ByteBudget uploadBudget)
    {
        Handle = handle;
        Peer = peer;
        _socket = socket;
        _limits = limits;
        _uploadBudget = uploadBudget;
    }

    /// <summary>Name of the connection.</summary>
    public PeerHandle Handle { get; }

    /// <summary>Who is there.</summary>
    public ConnectedPeer Peer { get; }

    /// <summary>Why the connection ended, in one line; null while it lives.</summary>
    public string? StopReason => Volatile.Read(ref _stopReason);

    /// <summary>Starts both loops; the task ends, without fault, when both have ended and the socket is closed.</summary>
    public Task RunAsync(IPeerEvents events) => _loops = RunLoopsAsync(events);

    /// <summary>Queues a message; never waits.</summary>
    public void Send(in PeerMessage message) => Enqueue(new Outbound(message, default));

    /// <summary>Queues a block; never waits.</summary>
    public void SendBlock(BlockRange block) => Enqueue(new Outbound(default, block));

    /// <summary>Ends the connection; the first reason is kept.</summary>
    public void Stop(string reason)
    {
        if (Interlocked.CompareExchange(ref _stopReason, reason, null) is not null)
            return;
        _outbound.Writer.TryComplete();
        _stop.Cancel();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Stop("closed by us");
        await _loops;
        _socket.Dispose();
        _stop.Dispose();
    }

    private void Enqueue(Outbound outbound)
    {
        if (!_outbound.Writer.TryWrite(outbound))
            Stop("it does not read what we send");
    }

    private async Task RunLoopsAsync(IPeerEvents events)
    {
        var receiving = GuardAsync(ReceiveAsync(events));
        var sending = GuardAsync(SendAsync(events));
        await Task.WhenAll(receiving, sending);
        _socket.Dispose();
    }

    private async Task GuardAsync(Task loop)
    {
        try
        {
            await loop;
            Stop("closed by the peer");
        }
        catch (OperationCanceledException)
        {
            Stop("closed by us");
        }
        catch (SocketException fault)
        {
            Stop($"{fault.SocketErrorCode}");
        }
        catch (Exception fault) when (fault is IOException or ObjectDisposedException or ChannelClosedException)
        {
            Stop(fault.Message);
        }
    }

    private async Task ReceiveAsync(IPeerEvents events)
    {
        var cancellation = _stop.Token;
        var buffer = ArrayPool<byte>.Shared.Rent(ReceiveBufferSize);
        try
        {
            var start = 0;
            var end = 0;
            while (true)
            {
                var status = PeerWire.TryRead(
                    buffer.AsSpan(start, end - start),
                    _limits,
                    out var message,
                    out var consumed,
                    out var fault
                );
                switch (status)
                {
                    case WireStatus.Message:
                        start += consumed;
                        await events.OnMessageAsync(this, message, cancellation);
                        break;
                    case WireStatus.PieceHeader:
                        start += consumed;
                        var block = new ReceivedBlock(
                            new BlockRange(new PieceIndex(message.Piece), message.Begin, message.Length)
                        );
                        var copied = Math.Min(end - start, message.Length);
                        buffer.AsSpan(start, copied).CopyTo(block.Data.Span);
                        start += copied;
                        if (!await FillAsync(block, copied, cancellation))
                            return;
                        await events.OnBlockAsync(this, block, cancellation);
                        break;
                    case WireStatus.Fault:
                        Stop($"broke the protocol: {fault}");
                        return;
                    default:
                        (buffer, start, end) = MakeRoom(buffer, start, end);
                        var received = await _socket.ReceiveAsync(buffer.AsMemory(end), cancellation);
                        if (received == 0)
                            return;
                        end += received;
                        break;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async ValueTask<bool> FillAsync(ReceivedBlock block, int filled, CancellationToken cancellation)
    {
        var isComplete = false;
        try
        {
            while (filled < block.Range.Length)
            {
                var received = await _socket.ReceiveAsync(block.Data[filled..], cancellation);
                if (received == 0)
                    return false;
                filled += received;
            }
            block.Seal();
            isComplete = true;
            return true;
        }
        finally
        {
            if (!isComplete)
                block.Release();
        }
    }

    /// <summary>Moves unparsed bytes to the front; doubles the buffer when a frame is larger than it (the codec bounds frames).</summary>
    private static (byte[] Buffer, int Start, int End) MakeRoom(byte[] buffer, int start, int end)
    {
        if (start == end)
            return (buffer, 0, 0);
        if (start > 0)
        {
            buffer.AsSpan(start, end - start).CopyTo(buffer);
            return (buffer, 0, end - start);
        }
        if (end < buffer.Length)
            return (buffer, start, end);
        var larger = ArrayPool<byte>.Shared.Rent(checked(buffer.Length * 2));
        buffer.AsSpan(0, end).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        return (larger, 0, end);
    }

    private async Task SendAsync(IPeerEvents events)
    {
        var cancellation = _stop.Token;
        var reader = _outbound.Reader;
        byte[]? buffer = null;
        var sentBlocks = new List<BlockRange>();
        try
        {
            while (await reader.WaitToReadAsync(cancellation))
            {
                buffer ??= ArrayPool<byte>.Shared.Rent(SendBufferSize);
                var length = 0;
                while (reader.TryPeek(out var next))
                {
                    var size = next.Size;
                    if (size > buffer.Length - length)
                    {
                        if (length > 0)
                            break;
                        ArrayPool<byte>.Shared.Return(buffer);
                        buffer = ArrayPool<byte>.Shared.Rent(size);
                    }
                    reader.TryRead(out _);
                    length += Write(next, buffer.AsSpan(length, size), events);
                    if (next.IsBlock)
                        sentBlocks.Add(next.Block);
                }
                await _uploadBudget.TakeAsync(length, cancellation);
                await SendAllAsync(buffer.AsMemory(0, length), cancellation);
                foreach (var block in sentBlocks)
                    await events.OnBlockSentAsync(this, block, cancellation);
                sentBlocks.Clear();
                if (buffer.Length > SendBufferSize || !reader.TryPeek(out _))
                {
                    // An idle connection holds no send buffer: hundreds of them must fit into a small node.
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = null;
                }
            }
        }
        finally
        {
            if (buffer is not null)
                ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async ValueTask SendAllAsync(ReadOnlyMemory<byte> data, CancellationToken cancellation)
    {
        while (data.Length > 0)
        {
            var sent = await _socket.SendAsync(data, cancellation);
            data = data[sent..];
        }
    }

    private static int Write(in Outbound outbound, Span<byte> target, IPeerEvents events)
    {
        if (!outbound.IsBlock)
            return PeerWire.Write(outbound.Message, target);
        var block = outbound.Block;
        var header = new PeerMessage(PeerMessageKind.Piece, block.Piece.Value, block.Begin, block.Length);
        var written = PeerWire.Write(header, target);
        events.ReadBlock(block, target.Slice(written, block.Length));
        return written + block.Length;
    }

    private readonly record struct Outbound(PeerMessage Message, BlockRange Block)
    {
        public bool IsBlock => Block.Length > 0;

        public int Size =>
            IsBlock
                ? PeerWire.SizeOf(new PeerMessage(PeerMessageKind.Piece, Block.Piece.Value, Block.Begin, Block.Length))
                    + Block.Length
                : PeerWire.SizeOf(Message);
    }
}

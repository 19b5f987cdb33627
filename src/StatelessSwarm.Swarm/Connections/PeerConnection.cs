using System.Buffers;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Wire;
using StatelessSwarm.Swarm.Identities;
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

    /// <summary>The same for messages sent past a budget.</summary>
    private const int MessageBufferSize = 4 * 1024;

    /// <summary>Bytes of a block still to come from which on waiting for all of them beats being woken for each packet.</summary>
    private const int LowWaterWorthwhile = 4 * 1024;

    private const string DoesNotRead = "it does not read what we send";

    private readonly PeerLink _link;
    private readonly WireLimits _limits;
    private ByteBudget[] _uploadBudgets;
    private readonly SendQueue _outbound = new();
    private readonly CancellationTokenSource _stop = new();
    private string? _stopReason;
    private int _lowWater = 1;
    private Task _loops = Task.CompletedTask;
    private Task<bool>? _bell;
    private UnsentWatch? _unsent;

    /// <summary>Takes over a connected socket that has shaken hands.</summary>
    /// <param name="handle">Name of the connection.</param>
    /// <param name="link">Connected; owned from here on.</param>
    /// <param name="peer">Who is there.</param>
    /// <param name="limits">Bounds on what it may send.</param>
    /// <param name="uploadBudgets">Each shared by all connections that count against it; the narrowest first.</param>
    public PeerConnection(PeerHandle handle, PeerLink link, ConnectedPeer peer, WireLimits limits, params ByteBudget[] uploadBudgets)
    {
        Handle = handle;
        Peer = peer;
        _link = link;
        _limits = limits;
        _uploadBudgets = uploadBudgets;
    }

    /// <summary>Name of the connection.</summary>
    public PeerHandle Handle { get; }

    /// <summary>Who is there.</summary>
    public ConnectedPeer Peer { get; }

    /// <summary>Whom the peer has proved to be; null outside of closed swarms.</summary>
    public Member? Member => _link.Member;

    /// <summary>Received blocks are given their SHA-256; a v1-only torrent has no use for it. Default true.</summary>
    public bool HashesBlocks { get; init; } = true;

    /// <summary>Why the connection ended, in one line; null while it lives.</summary>
    public string? StopReason => Volatile.Read(ref _stopReason);

    /// <summary>The peer is near after all: what is sent to it from now on counts against another budget.</summary>
    public void ComeNear(WanPacer pacer, ByteBudget budget)
    {
        pacer.Remove(_link.Socket);
        Volatile.Write(ref _uploadBudgets, [budget, .. _uploadBudgets[1..]]);
    }

    /// <summary>What waits unsent in the kernel follows the rate at which it leaves.</summary>
    public void KeepUnsentShort(TimeProvider time)
    {
        var watch = new UnsentWatch(_link.Socket, time);
        watch.Start(Peer.Reach == PeerReach.Wan);
        Volatile.Write(ref _unsent, watch);
    }

    /// <summary>Starts both loops; the task ends, without fault, when both have ended and the socket is closed.</summary>
    public Task RunAsync(IPeerEvents events) => _loops = RunLoopsAsync(events);

    /// <summary>Queues a message; never waits.</summary>
    public void Send(in PeerMessage message)
    {
        if (!_outbound.TryAdd(message))
            Stop(DoesNotRead);
    }

    /// <summary>Queues a block; never waits.</summary>
    public void SendBlock(BlockRange block)
    {
        if (!_outbound.TryAdd(block))
            Stop(DoesNotRead);
    }

    /// <summary>Ends the connection; the first reason is kept.</summary>
    public void Stop(string reason)
    {
        if (Interlocked.CompareExchange(ref _stopReason, reason, null) is not null)
            return;
        _outbound.Complete();
        _stop.Cancel();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Stop("closed by us");
        await _loops;
        _link.Dispose();
        _stop.Dispose();
    }

    private async Task RunLoopsAsync(IPeerEvents events)
    {
        var receiving = GuardAsync(ReceiveAsync(events));
        var sending = GuardAsync(SendAsync(events));
        await Task.WhenAll(receiving, sending);
        _link.Dispose();
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
            var end = _link.Early.Length;
            _link.Early.Span.CopyTo(buffer);
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
                        var block = BlockPool.Shared.Rent(new BlockRange(new PieceIndex(message.Piece), message.Begin, message.Length));
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
                        SetLowWater(1);
                        var received = await _link.ReceiveAsync(buffer.AsMemory(end), cancellation);
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

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> FillAsync(ReceivedBlock block, int filled, CancellationToken cancellation)
    {
        var isComplete = false;
        try
        {
            while (filled < block.Range.Length)
            {
                var received = await _link.ReceiveAsync(block.Data[filled..], cancellation);
                if (received == 0)
                    return false;
                filled += received;
                if (block.Range.Length - filled >= LowWaterWorthwhile)
                    SetLowWater(block.Range.Length - filled);
            }
            if (HashesBlocks)
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

    /// <summary>
    /// Wakes us only when so many bytes are there. On a slow link a block comes in a dozen packets, and a wake-up costs more than
    /// all the rest that is done for it. Setting it wakes us if there are as many already.
    /// </summary>
    private void SetLowWater(int bytes)
    {
        if (_lowWater == bytes || !_link.IsUnbuffered)
            return;
        _lowWater = bytes;
        PeerSocket.SetReceiveLowWater(_link.Socket, bytes);
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
        byte[]? buffer = null;
        var sentBlocks = new List<BlockRange>();
        try
        {
            while (await (_bell is { } bell ? new ValueTask<bool>(bell) : _outbound.WaitAsync()))
            {
                _bell = null;
                buffer ??= ArrayPool<byte>.Shared.Rent(SendBufferSize);
                while (true)
                {
                    var turn = Turn();
                    if (turn > 0)
                        await SendMessagesAsync(events, cancellation);
                    var length = Gather(ref buffer, turn > 0 ? SendKind.Blocks : SendKind.All, turn, sentBlocks, events);
                    if (length == 0)
                        break;
                    foreach (var budget in _uploadBudgets)
                        await WaitForAsync(budget.TakeAsync(length, cancellation), events, cancellation);
                    await _link.SendAsync(buffer.AsMemory(0, length), cancellation);
                    Volatile.Read(ref _unsent)?.Sent(length);
                    foreach (var block in sentBlocks)
                        await events.OnBlockSentAsync(this, block, cancellation);
                    sentBlocks.Clear();
                }
                // An idle connection holds no send buffer: hundreds of them must fit into a small node.
                ArrayPool<byte>.Shared.Return(buffer);
                buffer = null;
            }
        }
        finally
        {
            if (buffer is not null)
                ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>The next ring of the queue; one waits at a time.</summary>
    private Task<bool> RingAsync() => _bell ??= _outbound.WaitAsync().AsTask();

    /// <summary>Bytes of blocks to send at a time: the least that a budget asks for, 0 when none limits us.</summary>
    private int Turn()
    {
        var least = 0;
        foreach (var budget in _uploadBudgets)
        {
            var turn = budget.Turn;
            if (turn > 0 && (least == 0 || turn < least))
                least = turn;
        }
        return least;
    }

    /// <summary>Waits for a budget, and sends meanwhile what does not count against it: a request must not wait behind our uploads.</summary>
    private async ValueTask WaitForAsync(ValueTask turn, IPeerEvents events, CancellationToken cancellation)
    {
        if (turn.IsCompletedSuccessfully)
            return;
        var come = turn.AsTask();
        while (!come.IsCompleted)
        {
            await Task.WhenAny(come, RingAsync());
            if (_bell is not { IsCompleted: true } || !await RingAsync())
                break;
            _bell = null;
            await SendMessagesAsync(events, cancellation);
        }
        await come;
    }

    private async ValueTask SendMessagesAsync(IPeerEvents events, CancellationToken cancellation)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(MessageBufferSize);
        try
        {
            for (int length; (length = Gather(ref buffer, SendKind.Messages, 0, [], events)) > 0; )
            {
                await _link.SendAsync(buffer.AsMemory(0, length), cancellation);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Writes what waits into the buffer, as much as fits; a single larger message gets a larger buffer.</summary>
    /// <param name="buffer">Buffer, replaced by a larger one when needed.</param>
    /// <param name="kind">What is wanted.</param>
    /// <param name="turn">Bytes after which it is enough; 0 for a full buffer.</param>
    /// <param name="blocks">Receives the blocks written.</param>
    /// <param name="events">Reads the blocks.</param>
    private int Gather(ref byte[] buffer, SendKind kind, int turn, List<BlockRange> blocks, IPeerEvents events)
    {
        var length = 0;
        while (turn == 0 || length < turn)
        {
            if (!_outbound.TryTake(buffer.Length - length, kind, out var message, out var block, out var size))
            {
                if (length > 0 || size == 0)
                    return length;
                ArrayPool<byte>.Shared.Return(buffer);
                buffer = ArrayPool<byte>.Shared.Rent(size);
                continue;
            }
            var target = buffer.AsSpan(length, size);
            if (block.Length == 0)
            {
                PeerWire.Write(message, target);
            }
            else
            {
                var header = new PeerMessage(PeerMessageKind.Piece, block.Piece.Value, block.Begin, block.Length);
                events.ReadBlock(block, target[PeerWire.Write(header, target)..]);
                blocks.Add(block);
            }
            length += size;
        }
        return length;
    }
}

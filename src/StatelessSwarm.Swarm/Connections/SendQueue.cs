using System.Runtime.CompilerServices;
using System.Threading.Channels;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Swarm.Connections;

/// <summary>
/// What waits to be sent on one connection. Messages overtake blocks, so that HAVE, CANCEL and requests do not sit behind payload on
/// a slow uplink; among themselves each keep their order, which is all BEP 3 and 6 ask for. One task takes, one adds.
/// </summary>
internal sealed class SendQueue
{
    /// <summary>Entries of either kind waiting at most.</summary>
    public const int Limit = 64 * 1024;

    /// <summary>
    /// Bytes of message bodies (metadata, hashes, bitfields) waiting at most: 2 MiB. Blocks do not count: they are read when they are
    /// sent.
    /// </summary>
    public const int LimitBytes = 2 * 1024 * 1024;

    private readonly Lock _gate = new();
    private readonly Queue<PeerMessage> _messages = new();
    private readonly Queue<BlockRange> _blocks = new();
    private readonly Channel<bool> _bell = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { SingleReader = true });
    private long _bytes;

    /// <summary>Adds a message; false when too many wait.</summary>
    public bool TryAdd(in PeerMessage message)
    {
        lock (_gate)
        {
            if (_messages.Count >= Limit || _bytes + message.Payload.Length > LimitBytes)
                return false;
            _bytes += message.Payload.Length;
            _messages.Enqueue(message);
        }
        Ring();
        return true;
    }

    /// <summary>Adds a block; false when too many wait.</summary>
    public bool TryAdd(BlockRange block)
    {
        lock (_gate)
        {
            if (_blocks.Count >= Limit)
                return false;
            _blocks.Enqueue(block);
        }
        Ring();
        return true;
    }

    /// <summary>Nothing more will be taken.</summary>
    public void Complete() => _bell.Writer.TryComplete();

    /// <summary>Ends when there may be something to take; false when there never will be.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> WaitAsync()
    {
        // A wait that can be cancelled allocates; Complete ends this one.
        if (!await _bell.Reader.WaitToReadAsync(CancellationToken.None))
            return false;
        _bell.Reader.TryRead(out _);
        return true;
    }

    /// <summary>Takes the oldest message, or else the oldest block, if it needs at most <paramref name="room"/> bytes.</summary>
    /// <param name="room">Bytes there are.</param>
    /// <param name="kind">What is wanted.</param>
    /// <param name="message">The message, when <paramref name="block"/> is empty.</param>
    /// <param name="block">The block.</param>
    /// <param name="size">Bytes of what comes next, taken or not; 0 when there is nothing.</param>
    public bool TryTake(int room, SendKind kind, out PeerMessage message, out BlockRange block, out int size)
    {
        message = default;
        block = default;
        size = 0;
        lock (_gate)
        {
            if (kind != SendKind.Blocks && _messages.TryPeek(out var first))
                size = PeerWire.SizeOf(first);
            else if (kind != SendKind.Messages && _blocks.TryPeek(out block))
                size = PeerWire.PieceHeaderSize + block.Length;
            if (size == 0 || size > room)
                return false;
            if (block.Length > 0)
            {
                _blocks.Dequeue();
                return true;
            }
            message = _messages.Dequeue();
            _bytes -= message.Payload.Length;
            return true;
        }
    }

    private void Ring() => _bell.Writer.TryWrite(true);
}

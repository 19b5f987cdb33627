using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Swarm.Connections;

/// <summary>
/// Where a connection reports. Implemented by the torrent's mailbox; a call may wait while the mailbox is full, which is what
/// slows a peer down that sends faster than we digest.
/// </summary>
internal interface IPeerEvents
{
    /// <summary>A message other than Piece.</summary>
    ValueTask OnMessageAsync(IPeerConnection connection, PeerMessage message, CancellationToken cancellation);

    /// <summary>A Piece message; the receiver owns the block.</summary>
    ValueTask OnBlockAsync(IPeerConnection connection, ReceivedBlock block, CancellationToken cancellation);

    /// <summary>A block was handed to the kernel, or given up.</summary>
    ValueTask OnBlockSentAsync(IPeerConnection connection, BlockRange block, CancellationToken cancellation);

    /// <summary>Reads a block that is to be sent.</summary>
    void ReadBlock(BlockRange block, Span<byte> target);
}

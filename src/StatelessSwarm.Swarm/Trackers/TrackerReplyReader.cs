using System.Buffers.Binary;
using System.Net;
using StatelessSwarm.Content;

namespace StatelessSwarm.Swarm.Trackers;

internal static class TrackerReplyReader
{
    public static TrackerReply Read(ReadOnlyMemory<byte> body) => throw new ContentException("x");
}

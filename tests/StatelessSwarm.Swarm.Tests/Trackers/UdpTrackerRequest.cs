using System.Buffers.Binary;
using System.Net;

namespace StatelessSwarm.Swarm.Tests.Trackers;

/// <summary>A datagram a scripted UDP tracker received.</summary>
internal sealed record UdpTrackerRequest(IPEndPoint From, byte[] Bytes)
{
    public bool IsConnect => Bytes.Length == 16 && Action == 0;

    public int Action => BinaryPrimitives.ReadInt32BigEndian(Bytes.AsSpan(8));

    public uint Transaction => BinaryPrimitives.ReadUInt32BigEndian(Bytes.AsSpan(12));

    public ulong ConnectionId => BinaryPrimitives.ReadUInt64BigEndian(Bytes);

    public int Event => BinaryPrimitives.ReadInt32BigEndian(Bytes.AsSpan(80));

    public int Port => BinaryPrimitives.ReadUInt16BigEndian(Bytes.AsSpan(96));

    public byte[] Options => Bytes[98..];
}

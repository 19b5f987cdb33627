using System.Buffers.Binary;
using System.Net;
using StatelessSwarm.Content.Bencoding;
using StatelessSwarm.Engine.Peers;

namespace StatelessSwarm.Engine.Extensions;

/// <summary>
/// A <c>ut_pex</c> message (BEP 11): a bencoded dictionary of strings. <c>added</c> and <c>dropped</c> hold 6 bytes per peer (address
/// and port, big-endian), <c>added6</c> and <c>dropped6</c> 18; <c>added.f</c> and <c>added6.f</c> one byte of <see cref="PexFlags"/> per
/// added peer.
/// </summary>
/// <param name="Added">Peers the teller is connected to.</param>
/// <param name="Dropped">Peers it is no longer connected to.</param>
internal sealed record PexMessage(IReadOnlyList<PexPeer> Added, IReadOnlyList<IPEndPoint> Dropped)
{
    /// <summary>Most peers added, and most dropped, that a message may hold, v4 and v6 together; BEP 11 asks senders for half of it.</summary>
    public const int MaxEntries = 100;

    private const int PortBytes = 2;

    /// <summary>The payload.</summary>
    public byte[] ToBytes()
    {
        var writer = new BencodeWriter();
        writer.StartDictionary();
        WriteAdded(writer, "added"u8, "added.f"u8, AddressLength.V4);
        WriteAdded(writer, "added6"u8, "added6.f"u8, AddressLength.V6);
        WriteDropped(writer, "dropped"u8, AddressLength.V4);
        WriteDropped(writer, "dropped6"u8, AddressLength.V6);
        writer.End();
        return writer.ToArray();
    }

    /// <summary>Reads a payload; null when a rule is broken: no dictionary, a list of the wrong length, too many entries.</summary>
    public static PexMessage? TryRead(ReadOnlyMemory<byte> payload)
    {
        if (!BencodeValue.TryParse(payload, out var root) || root.Kind != BencodeKind.Dictionary)
            return null;
        var added = new List<PexPeer>();
        var dropped = new List<PexPeer>();
        var isRight =
            TryTake(root, "added"u8, "added.f"u8, AddressLength.V4, added)
            && TryTake(root, "added6"u8, "added6.f"u8, AddressLength.V6, added)
            && TryTake(root, "dropped"u8, default, AddressLength.V4, dropped)
            && TryTake(root, "dropped6"u8, default, AddressLength.V6, dropped);
        return isRight ? new PexMessage(added, dropped.ConvertAll(peer => peer.EndPoint)) : null;
    }

    private void WriteAdded(BencodeWriter writer, ReadOnlySpan<byte> key, ReadOnlySpan<byte> flagsKey, int addressBytes)
    {
        var flags = new List<byte>();
        var peers = new List<IPEndPoint>();
        foreach (var peer in Added)
        {
            if (AddressLength.Of(peer.EndPoint.Address) != addressBytes)
                continue;
            peers.Add(peer.EndPoint);
            flags.Add((byte)peer.Flags);
        }
        if (peers.Count == 0)
            return;
        writer.WriteEntry(key, Pack(peers));
        writer.WriteEntry(flagsKey, flags.ToArray());
    }

    private void WriteDropped(BencodeWriter writer, ReadOnlySpan<byte> key, int addressBytes)
    {
        var peers = new List<IPEndPoint>();
        foreach (var peer in Dropped)
        {
            if (AddressLength.Of(peer.Address) == addressBytes)
                peers.Add(peer);
        }
        if (peers.Count > 0)
            writer.WriteEntry(key, Pack(peers));
    }

    private static byte[] Pack(List<IPEndPoint> peers)
    {
        var size = AddressLength.Of(peers[0].Address) + PortBytes;
        var bytes = new byte[peers.Count * size];
        for (var index = 0; index < peers.Count; index++)
        {
            var target = bytes.AsSpan(index * size, size);
            peers[index].Address.TryWriteBytes(target, out var written);
            BinaryPrimitives.WriteUInt16BigEndian(target[written..], (ushort)peers[index].Port);
        }
        return bytes;
    }

    private static bool TryTake(
        BencodeValue root,
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> flagsKey,
        int addressBytes,
        List<PexPeer> peers
    )
    {
        var size = addressBytes + PortBytes;
        if (!root.TryGet(key, out var value))
            return true;
        if (!value.TryGetString(out var bytes) || bytes.Length % size != 0 || peers.Count + bytes.Length / size > MaxEntries)
            return false;
        ReadOnlyMemory<byte> flags = default;
        if (!flagsKey.IsEmpty && root.TryGet(flagsKey, out var flagsValue))
        {
            if (!flagsValue.TryGetString(out flags) || flags.Length != bytes.Length / size)
                return false;
        }
        for (var at = 0; at < bytes.Length; at += size)
        {
            var entry = bytes.Span.Slice(at, size);
            var port = BinaryPrimitives.ReadUInt16BigEndian(entry[addressBytes..]);
            var flag = flags.IsEmpty ? PexFlags.None : (PexFlags)flags.Span[at / size];
            peers.Add(new PexPeer(new IPEndPoint(new IPAddress(entry[..addressBytes]), port), flag));
        }
        return true;
    }
}

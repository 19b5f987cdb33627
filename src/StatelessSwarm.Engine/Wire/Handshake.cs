using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Engine.Wire;

/// <summary>
/// The 68-byte handshake (BEP 3): 0x13, "BitTorrent protocol", 8 reserved bytes, 20-byte info hash, 20-byte peer id.
/// Reserved bits: [5] 0x10 extension protocol (BEP 10), [7] 0x04 fast (BEP 6), [7] 0x10 v2 upgrade (BEP 52).
/// </summary>
/// <param name="InfoHash">Which swarm.</param>
/// <param name="PeerId">20 bytes.</param>
/// <param name="SupportsExtensions">BEP 10.</param>
/// <param name="SupportsFast">BEP 6.</param>
/// <param name="SupportsV2">BEP 52.</param>
public sealed partial record Handshake(
    InfoHash InfoHash,
    PeerId PeerId,
    bool SupportsExtensions,
    bool SupportsFast,
    bool SupportsV2
)
{
    /// <summary>Bytes on the wire.</summary>
    public const int Size = 68;

    private const int ReservedOffset = 20;
    private const int InfoHashOffset = ReservedOffset + 8;
    private const int PeerIdOffset = InfoHashOffset + InfoHash.Size;
    private const byte ExtensionBit = 0x10;
    private const byte FastBit = 0x04;
    private const byte V2Bit = 0x10;

    /// <summary>The 20 bytes that every handshake begins with.</summary>
    public static ReadOnlySpan<byte> Protocol => "\u0013BitTorrent protocol"u8;

    /// <summary>Writes the 68 bytes to the start of <paramref name="target"/>.</summary>
    public void Write(Span<byte> target)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(target.Length, Size, nameof(target));
        target = target[..Size];
        target.Clear();
        Protocol.CopyTo(target);
        if (SupportsExtensions)
            target[ReservedOffset + 5] |= ExtensionBit;
        if (SupportsFast)
            target[ReservedOffset + 7] |= FastBit;
        if (SupportsV2)
            target[ReservedOffset + 7] |= V2Bit;
        InfoHash.CopyTo(target[InfoHashOffset..]);
        PeerId.CopyTo(target[PeerIdOffset..]);
    }

    /// <summary>
    /// Reads 68 bytes; null when there are fewer or when the protocol string is not BitTorrent's. Reserved bits not listed
    /// above are ignored, as BEP 3 asks.
    /// </summary>
    public static Handshake? TryRead(ReadOnlySpan<byte> source)
    {
        if (source.Length < Size || !source.StartsWith(Protocol))
            return null;
        var reserved = source.Slice(ReservedOffset, 8);
        return new Handshake(
            new InfoHash(source.Slice(InfoHashOffset, InfoHash.Size)),
            new PeerId(source.Slice(PeerIdOffset, PeerId.Size)),
            (reserved[5] & ExtensionBit) != 0,
            (reserved[7] & FastBit) != 0,
            (reserved[7] & V2Bit) != 0
        );
    }
}

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

    /// <summary>Writes the 68 bytes to the start of <paramref name="target"/>.</summary>
    public void Write(Span<byte> target) => throw new NotImplementedException();

    /// <summary>Reads 68 bytes; null when the protocol string is not BitTorrent's.</summary>
    public static Handshake? TryRead(ReadOnlySpan<byte> source) => throw new NotImplementedException();
}

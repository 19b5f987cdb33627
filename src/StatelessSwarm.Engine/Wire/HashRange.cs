using System.Buffers.Binary;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Engine.Wire;

/// <summary>
/// The 48-byte head of hash request, hashes and hash reject (BEP 52 messages 21-23): 32-byte pieces root, base layer,
/// index, length, proof layers, each a 32-bit big-endian integer. Layer 0 holds the leaves; <c>Index</c> is a multiple of
/// <c>Length</c>, which is a power of two from 2 to 512.
/// </summary>
/// <param name="PiecesRoot">Which file.</param>
/// <param name="BaseLayer">Layer that the hashes are of, 0 for leaves.</param>
/// <param name="Index">First hash.</param>
/// <param name="Length">Hashes.</param>
/// <param name="ProofLayers">Layers above the base layer that uncle hashes are asked for.</param>
public readonly record struct HashRange(Sha256Digest PiecesRoot, int BaseLayer, int Index, int Length, int ProofLayers)
{
    /// <summary>Bytes on the wire.</summary>
    public const int Size = 48;

    /// <summary>Most layers a tree can have: a 64-bit file of 16 KiB leaves.</summary>
    public const int MaxLayers = 50;

    /// <summary>Reads and checks a head; false when a rule of BEP 52 is broken.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out HashRange range)
    {
        range = default;
        if (source.Length < Size)
            return false;
        var layer = BinaryPrimitives.ReadUInt32BigEndian(source[32..]);
        var index = BinaryPrimitives.ReadUInt32BigEndian(source[36..]);
        var length = BinaryPrimitives.ReadUInt32BigEndian(source[40..]);
        var proofs = BinaryPrimitives.ReadUInt32BigEndian(source[44..]);
        if (layer >= MaxLayers || proofs > MaxLayers || index > int.MaxValue - 512)
            return false;
        if (length is < 2 or > 512 || !System.Numerics.BitOperations.IsPow2(length) || index % length != 0)
            return false;
        range = new HashRange(new Sha256Digest(source[..32]), (int)layer, (int)index, (int)length, (int)proofs);
        return true;
    }

    /// <summary>Writes the 48 bytes.</summary>
    public void Write(Span<byte> target)
    {
        PiecesRoot.CopyTo(target);
        BinaryPrimitives.WriteInt32BigEndian(target[32..], BaseLayer);
        BinaryPrimitives.WriteInt32BigEndian(target[36..], Index);
        BinaryPrimitives.WriteInt32BigEndian(target[40..], Length);
        BinaryPrimitives.WriteInt32BigEndian(target[44..], ProofLayers);
    }
}

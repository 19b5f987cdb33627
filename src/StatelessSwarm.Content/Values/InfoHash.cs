using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace StatelessSwarm.Content.Values;

/// <summary>
/// The 20-byte name of a swarm on the wire (handshake, tracker, LSD): the SHA-1 of the info dictionary (BEP 3), or the
/// SHA-256 of it cut to 20 bytes (BEP 52).
/// </summary>
public readonly struct InfoHash : IEquatable<InfoHash>
{
    /// <summary>Bytes in an info hash on the wire.</summary>
    public const int Size = 20;

    private readonly Bytes _bytes;

    /// <summary>Copies an info hash out of <paramref name="bytes"/>.</summary>
    /// <exception cref="ArgumentException">The span is not exactly 20 bytes long.</exception>
    public InfoHash(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size)
            throw new ArgumentException($"An info hash has {Size} bytes, not {bytes.Length}.", nameof(bytes));
        bytes.CopyTo(_bytes);
    }

    /// <summary>The wire form of a v2 info hash: its first 20 bytes (BEP 52).</summary>
    public static InfoHash Truncate(Sha256Digest v2) => new(v2.AsSpan()[..Size]);

    /// <summary>Reads 40 hexadecimal digits of either case; false for anything else.</summary>
    public static bool TryParseHex(ReadOnlySpan<char> text, out InfoHash hash)
    {
        Span<byte> bytes = stackalloc byte[Size];
        if (text.Length == 2 * Size
            && Convert.FromHexString(text, bytes, out _, out var written) == System.Buffers.OperationStatus.Done
            && written == Size)
        {
            hash = new InfoHash(bytes);
            return true;
        }
        hash = default;
        return false;
    }

    /// <summary>Copies the 20 bytes to the start of <paramref name="target"/>.</summary>
    public void CopyTo(Span<byte> target) => AsSpan().CopyTo(target);

    /// <summary>The 20 bytes in place; valid while this value is.</summary>
    [System.Diagnostics.CodeAnalysis.UnscopedRef]
    public ReadOnlySpan<byte> AsSpan() =>
        MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<Bytes, byte>(ref Unsafe.AsRef(in _bytes)), Size);

    /// <inheritdoc/>
    public bool Equals(InfoHash other) => AsSpan().SequenceEqual(other.AsSpan());

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is InfoHash other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => MemoryMarshal.Read<int>(AsSpan());

    /// <summary>40 lower-case hexadecimal digits.</summary>
    public override string ToString() => Convert.ToHexStringLower(AsSpan());

    /// <summary>Byte-wise equality.</summary>
    public static bool operator ==(InfoHash left, InfoHash right) => left.Equals(right);

    /// <summary>Byte-wise inequality.</summary>
    public static bool operator !=(InfoHash left, InfoHash right) => !left.Equals(right);

    [InlineArray(Size)]
    private struct Bytes
    {
        private byte _first;
    }
}

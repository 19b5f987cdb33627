using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace StatelessSwarm.Content.Values;

/// <summary>
/// A SHA-256 digest (FIPS 180-4): 32 bytes held by value. Written as 64 lower-case hexadecimal digits. Also the full
/// BitTorrent v2 info hash, a Merkle node and the name of a release.
/// </summary>
public readonly struct Sha256Digest : IEquatable<Sha256Digest>, IComparable<Sha256Digest>
{
    /// <summary>Bytes in a digest.</summary>
    public const int Size = 32;

    private readonly Bytes _bytes;

    /// <summary>Copies a digest out of <paramref name="bytes"/>.</summary>
    /// <exception cref="ArgumentException">The span is not exactly 32 bytes long.</exception>
    public Sha256Digest(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size)
            throw new ArgumentException($"A SHA-256 digest has {Size} bytes, not {bytes.Length}.", nameof(bytes));
        bytes.CopyTo(_bytes);
    }

    /// <summary>True for 32 zero bytes: the value of a padding leaf in BEP 52, and of <c>default</c>.</summary>
    public bool IsZero => !AsSpan().ContainsAnyExcept((byte)0);

    /// <summary>The digest of <paramref name="data"/>.</summary>
    public static Sha256Digest HashData(ReadOnlySpan<byte> data)
    {
        Span<byte> hash = stackalloc byte[Size];
        SHA256.HashData(data, hash);
        return new Sha256Digest(hash);
    }

    /// <summary>Reads 64 hexadecimal digits of either case; false for anything else.</summary>
    public static bool TryParseHex(ReadOnlySpan<char> text, out Sha256Digest digest)
    {
        Span<byte> bytes = stackalloc byte[Size];
        if (text.Length == 2 * Size
            && Convert.FromHexString(text, bytes, out _, out var written) == System.Buffers.OperationStatus.Done
            && written == Size)
        {
            digest = new Sha256Digest(bytes);
            return true;
        }
        digest = default;
        return false;
    }

    /// <summary>Copies the 32 bytes to the start of <paramref name="target"/>.</summary>
    public void CopyTo(Span<byte> target) => AsSpan().CopyTo(target);

    /// <summary>The 32 bytes as a new array.</summary>
    public byte[] ToArray() => AsSpan().ToArray();

    /// <summary>The 32 bytes in place; valid while this value is.</summary>
    [System.Diagnostics.CodeAnalysis.UnscopedRef]
    public ReadOnlySpan<byte> AsSpan() =>
        MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<Bytes, byte>(ref Unsafe.AsRef(in _bytes)), Size);

    /// <inheritdoc/>
    public bool Equals(Sha256Digest other) => AsSpan().SequenceEqual(other.AsSpan());

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Sha256Digest other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        // Roots in a torrent are a stranger's choice, not yet hashes of anything: seeded, so that they cannot be made to collide.
        var words = MemoryMarshal.Cast<byte, long>(AsSpan());
        return HashCode.Combine(words[0], words[1], words[2], words[3]);
    }

    /// <inheritdoc/>
    public int CompareTo(Sha256Digest other) => AsSpan().SequenceCompareTo(other.AsSpan());

    /// <summary>64 lower-case hexadecimal digits.</summary>
    public override string ToString() => Convert.ToHexStringLower(AsSpan());

    /// <summary>Byte-wise equality.</summary>
    public static bool operator ==(Sha256Digest left, Sha256Digest right) => left.Equals(right);

    /// <summary>Byte-wise inequality.</summary>
    public static bool operator !=(Sha256Digest left, Sha256Digest right) => !left.Equals(right);

    /// <summary>Byte-wise order.</summary>
    public static bool operator <(Sha256Digest left, Sha256Digest right) => left.CompareTo(right) < 0;

    /// <summary>Byte-wise order.</summary>
    public static bool operator <=(Sha256Digest left, Sha256Digest right) => left.CompareTo(right) <= 0;

    /// <summary>Byte-wise order.</summary>
    public static bool operator >(Sha256Digest left, Sha256Digest right) => left.CompareTo(right) > 0;

    /// <summary>Byte-wise order.</summary>
    public static bool operator >=(Sha256Digest left, Sha256Digest right) => left.CompareTo(right) >= 0;

    [InlineArray(Size)]
    private struct Bytes
    {
        private byte _first;
    }
}

using System.Globalization;
using System.Text;

namespace StatelessSwarm.Discovery.Messages;

/// <summary>
/// A domain name in uncompressed wire form: labels of one length byte and 1-63 bytes, ended by a zero byte,
/// 255 bytes in all (RFC 1035 3.1). Compares without regard to ASCII case, keeps the case it was given.
/// </summary>
internal sealed class DomainName : IEquatable<DomainName>
{
    /// <summary>Longest name on the wire, in bytes, with its ending zero.</summary>
    public const int MaxLength = 255;

    /// <summary>Longest label in bytes.</summary>
    public const int MaxLabelLength = 63;

    private static readonly UTF8Encoding StrictUtf8 = new(
        encoderShouldEmitUTF8Identifier: false,
        throwOnInvalidBytes: true
    );

    private readonly byte[] _wire;
    private readonly int _hash;

    private DomainName(byte[] wire)
    {
        _wire = wire;
        var hash = new HashCode();
        foreach (var value in wire)
            hash.Add(Fold(value));
        _hash = hash.ToHashCode();
    }

    /// <summary>The empty name.</summary>
    public static DomainName Root { get; } = new([0]);

    /// <summary>The name <c>local.</c>, under which every multicast name lives.</summary>
    public static DomainName Local { get; } = Root.Child("local");

    /// <summary>Uncompressed wire form.</summary>
    public ReadOnlySpan<byte> Wire => _wire;

    /// <summary>Whether this is the root.</summary>
    public bool IsRoot => _wire.Length == 1;

    /// <summary>The name without its first label; the root's parent is the root.</summary>
    public DomainName Parent => IsRoot ? this : new DomainName(_wire[(1 + _wire[0])..]);

    /// <summary>Bytes of the first label; empty for the root.</summary>
    public ReadOnlySpan<byte> FirstLabel => _wire.AsSpan(1, _wire[0]);

    /// <summary>Takes bytes already known to be a well-formed uncompressed name; copies them.</summary>
    public static DomainName FromWire(ReadOnlySpan<byte> wire) => wire.Length == 1 ? Root : new DomainName(wire.ToArray());

    /// <summary>A dotted name without escapes, for example <c>_stateless._tcp.local</c>.</summary>
    /// <exception cref="ArgumentException">A label is empty or too long, or the name is.</exception>
    public static DomainName Parse(string dotted)
    {
        var name = Root;
        var labels = dotted.TrimEnd('.').Split('.');
        for (var i = labels.Length - 1; i >= 0; i--)
            name = name.Child(labels[i]);
        return name;
    }

    /// <summary>Puts one label, which may hold dots and any UTF-8, before this name.</summary>
    /// <exception cref="ArgumentException">The label has no or more than 63 bytes, or the name would exceed 255.</exception>
    public DomainName Child(string label)
    {
        var bytes = Encoding.UTF8.GetBytes(label);
        if (bytes.Length is 0 or > MaxLabelLength)
            throw new ArgumentException(
                $"label '{label}' has {bytes.Length} bytes of UTF-8, expected 1 to {MaxLabelLength}",
                nameof(label)
            );
        if (1 + bytes.Length + _wire.Length > MaxLength)
            throw new ArgumentException(
                $"name '{label}.{this}' has more than {MaxLength} bytes on the wire",
                nameof(label)
            );
        return new DomainName([(byte)bytes.Length, .. bytes, .. _wire]);
    }

    /// <summary>The first label as text, if it is UTF-8 without control characters (RFC 6763 4.1.1).</summary>
    public bool TryGetLabel(out string label)
    {
        label = "";
        if (IsRoot)
            return false;
        try
        {
            label = StrictUtf8.GetString(FirstLabel);
        }
        catch (DecoderFallbackException)
        {
            return false;
        }

        return !label.Any(char.IsControl);
    }

    /// <inheritdoc/>
    public bool Equals(DomainName? other)
    {
        if (other is null || other._hash != _hash || other._wire.Length != _wire.Length)
            return false;
        return EqualsIgnoringCase(_wire, other._wire);
    }

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as DomainName);

    /// <inheritdoc/>
    public override int GetHashCode() => _hash;

    /// <summary>Dotted, with dots and backslashes in labels escaped and other unprintable bytes as <c>\DDD</c>.</summary>
    public override string ToString()
    {
        if (IsRoot)
            return ".";
        var text = new StringBuilder();
        for (var at = 0; _wire[at] != 0; at += 1 + _wire[at])
        {
            if (at > 0)
                text.Append('.');
            foreach (var value in _wire.AsSpan(at + 1, _wire[at]))
            {
                if (value is (byte)'.' or (byte)'\\')
                    text.Append('\\').Append((char)value);
                else if (value is < 0x20 or >= 0x7f)
                    text.Append(CultureInfo.InvariantCulture, $"\\{value:D3}");
                else
                    text.Append((char)value);
            }
        }

        return text.ToString();
    }

    // Length bytes are at most 63 and so never fold.
    internal static bool EqualsIgnoringCase(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        if (left.Length != right.Length)
            return false;
        for (var i = 0; i < left.Length; i++)
        {
            if (Fold(left[i]) != Fold(right[i]))
                return false;
        }

        return true;
    }

    private static byte Fold(byte value) => value is >= (byte)'A' and <= (byte)'Z' ? (byte)(value + 32) : value;
}

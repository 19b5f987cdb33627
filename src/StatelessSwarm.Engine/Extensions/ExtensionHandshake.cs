using System.Net;
using System.Text;
using StatelessSwarm.Content.Bencoding;
using StatelessSwarm.Engine.Peers;

namespace StatelessSwarm.Engine.Extensions;

/// <summary>
/// The extension handshake (BEP 10): a bencoded dictionary. <c>m</c> maps names to the ids the *receiver* of a message gave them, 0 for
/// "not any more"; later handshakes add to earlier ones. Keys we do not know, and known keys with a value that makes no sense, are
/// skipped; only what is not bencode is a fault.
/// </summary>
internal sealed record ExtensionHandshake
{
    /// <summary>Longest handshake taken: 16 KiB.</summary>
    public const int MaxBytes = 16 * 1024;

    private const int MaxVersionBytes = 64;

    /// <summary>Id of <c>ut_metadata</c>; null when not named.</summary>
    public byte? MetadataId { get; init; }

    /// <summary>Id of <c>ss</c>; null when not named.</summary>
    public byte? ClaimsId { get; init; }

    /// <summary>Id of <c>lt_donthave</c>; null when not named.</summary>
    public byte? DontHaveId { get; init; }

    /// <summary>Id of <c>ut_pex</c>; null when not named.</summary>
    public byte? PexId { get; init; }

    /// <summary>Port it listens on (<c>p</c>); 0 for unknown.</summary>
    public int Port { get; init; }

    /// <summary>Requests it queues (<c>reqq</c>); 0 for unknown.</summary>
    public int RequestQueue { get; init; }

    /// <summary>Name and version (<c>v</c>).</summary>
    public string? Version { get; init; }

    /// <summary>Our address as it sees it (<c>yourip</c>).</summary>
    public IPAddress? YourAddress { get; init; }

    /// <summary>Bytes of the info dictionary; 0 for unknown.</summary>
    public int MetadataSize { get; init; }

    /// <summary>It will not download any more (BEP 21); null when not said.</summary>
    public bool? IsUploadOnly { get; init; }

    /// <summary>The site it belongs to (<c>ss_site</c>, 16 bytes); null for none.</summary>
    public SiteId? Site { get; init; }

    /// <summary>The payload.</summary>
    public byte[] ToBytes()
    {
        var writer = new BencodeWriter();
        writer.StartDictionary();
        writer.WriteKey("m"u8);
        writer.StartDictionary();
        WriteId(writer, "lt_donthave"u8, DontHaveId);
        WriteId(writer, "ss"u8, ClaimsId);
        WriteId(writer, "ut_metadata"u8, MetadataId);
        WriteId(writer, "ut_pex"u8, PexId);
        writer.End();
        if (MetadataSize > 0)
            writer.WriteEntry("metadata_size"u8, MetadataSize);
        if (Port > 0)
            writer.WriteEntry("p"u8, Port);
        if (RequestQueue > 0)
            writer.WriteEntry("reqq"u8, RequestQueue);
        if (Site is { } site)
            writer.WriteEntry("ss_site"u8, site.ToBytes());
        if (IsUploadOnly is { } isUploadOnly)
            writer.WriteEntry("upload_only"u8, isUploadOnly ? 1 : 0);
        if (Version is not null)
            writer.WriteEntry("v"u8, Version);
        if (YourAddress is not null)
            writer.WriteEntry("yourip"u8, YourAddress.GetAddressBytes());
        writer.End();
        return writer.ToArray();
    }

    /// <summary>Reads a payload; null when it is not one bencoded dictionary, or too long.</summary>
    public static ExtensionHandshake? TryRead(ReadOnlyMemory<byte> payload)
    {
        if (payload.Length > MaxBytes || !BencodeValue.TryParse(payload, out var root) || root.Kind != BencodeKind.Dictionary)
            return null;
        root.TryGet("m"u8, out var map);
        return new ExtensionHandshake
        {
            MetadataId = ReadId(map, "ut_metadata"u8),
            ClaimsId = ReadId(map, "ss"u8),
            DontHaveId = ReadId(map, "lt_donthave"u8),
            PexId = ReadId(map, "ut_pex"u8),
            Port = ReadNumber(root, "p"u8, ushort.MaxValue),
            RequestQueue = ReadNumber(root, "reqq"u8, 1 << 20),
            MetadataSize = ReadNumber(root, "metadata_size"u8, int.MaxValue),
            IsUploadOnly = root.TryGet("upload_only"u8, out var only) && only.TryGetInteger(out var flag) ? flag != 0 : null,
            Site = root.TryGet("ss_site"u8, out var site) && site.TryGetString(out var siteBytes) ? SiteId.TryRead(siteBytes.Span) : null,
            Version = ReadText(root, "v"u8),
            YourAddress = ReadAddress(root),
        };
    }

    private static void WriteId(BencodeWriter writer, ReadOnlySpan<byte> name, byte? id)
    {
        if (id is { } number)
            writer.WriteEntry(name, number);
    }

    private static byte? ReadId(BencodeValue map, ReadOnlySpan<byte> name) =>
        map.Kind == BencodeKind.Dictionary && map.TryGet(name, out var value) && value.TryGetInteger(out var id)
        && id is >= 0 and <= byte.MaxValue
            ? (byte)id
            : null;

    private static int ReadNumber(BencodeValue root, ReadOnlySpan<byte> key, int most) =>
        root.TryGet(key, out var value) && value.TryGetInteger(out var number) && number > 0 && number <= most ? (int)number : 0;

    private static string? ReadText(BencodeValue root, ReadOnlySpan<byte> key) =>
        root.TryGet(key, out var value) && value.TryGetString(out var text) && text.Length <= MaxVersionBytes
            ? Encoding.UTF8.GetString(text.Span)
            : null;

    private static IPAddress? ReadAddress(BencodeValue root) =>
        root.TryGet("yourip"u8, out var value) && value.TryGetString(out var bytes) && bytes.Length is 4 or 16
            ? new IPAddress(bytes.Span)
            : null;
}

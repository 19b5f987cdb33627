using System.Text;
using StatelessSwarm.Content.Bencoding;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Content.Torrents;

/// <summary>A .torrent file (BEP 3, 12, 19, 52): info dictionary, piece layers, trackers and web seeds. Immutable.</summary>
public sealed partial class Metainfo
{
    /// <summary>Largest .torrent accepted: 64 MiB (a 100 GB image in 256 KiB pieces needs 20 MB).</summary>
    public const int MaxBytes = 64 * 1024 * 1024;

    /// <summary>Most trackers, and most web seeds, that are kept; those after them are left out.</summary>
    public const int MaxUrls = 64;

    /// <summary>Longest URL in bytes.</summary>
    public const int MaxUrlBytes = 2048;

    /// <summary>Longest comment, and longest name of a creator, in bytes; a longer one is left out.</summary>
    public const int MaxTextBytes = 4096;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private Metainfo(
        TorrentInfo info,
        PieceLayers? layers,
        IReadOnlyList<IReadOnlyList<string>> trackerTiers,
        IReadOnlyList<string> webSeeds
    )
    {
        Info = info;
        Layers = layers;
        TrackerTiers = trackerTiers;
        WebSeeds = webSeeds;
    }

    /// <summary>Parses a .torrent file.</summary>
    /// <exception cref="ContentException">Not a torrent, or its piece layers do not match its roots.</exception>
    public static Metainfo Parse(ReadOnlyMemory<byte> file)
    {
        if (file.Length > MaxBytes)
            throw new ContentException($"torrent: expected a file of at most {MaxBytes} bytes");
        var root = BencodeValue.Parse(file);
        if (root.Kind != BencodeKind.Dictionary)
            throw Bad("file", "a dictionary");
        BencodeValue info = default, pieceLayers = default, announce = default, announceList = default, urlList = default;
        BencodeValue comment = default, createdBy = default;
        foreach (var (key, value) in root.EnumerateDictionary())
        {
            if (key.Span.SequenceEqual("info"u8))
                TakeOnce(ref info, value, "info");
            else if (key.Span.SequenceEqual("piece layers"u8))
                TakeOnce(ref pieceLayers, value, "piece layers");
            else if (key.Span.SequenceEqual("announce"u8))
                TakeOnce(ref announce, value, "announce");
            else if (key.Span.SequenceEqual("announce-list"u8))
                TakeOnce(ref announceList, value, "announce-list");
            else if (key.Span.SequenceEqual("url-list"u8))
                TakeOnce(ref urlList, value, "url-list");
            else if (key.Span.SequenceEqual("comment"u8))
                TakeOnce(ref comment, value, "comment");
            else if (key.Span.SequenceEqual("created by"u8))
                TakeOnce(ref createdBy, value, "created by");
        }
        if (info.Kind != BencodeKind.Dictionary)
            throw Bad("info", "a dictionary");
        var torrent = TorrentInfo.Parse(info.Raw);
        return new Metainfo(
            torrent,
            torrent.V2Hash is null ? null : PieceLayers.Create(torrent, ReadLayers(pieceLayers, torrent)),
            ReadTiers(announce, announceList),
            ReadUrls(urlList, "url-list")
        )
        {
            Comment = ReadText(comment),
            CreatedBy = ReadText(createdBy),
        };
    }

    /// <summary>A .torrent made of its parts: what a node that got the info dictionary from a peer writes down.</summary>
    /// <exception cref="ContentException">The layers are missing for a v2 or hybrid torrent.</exception>
    public static Metainfo Create(
        TorrentInfo info,
        PieceLayers? layers,
        IReadOnlyList<IReadOnlyList<string>> trackerTiers,
        IReadOnlyList<string> webSeeds,
        string? comment = null,
        string? createdBy = null
    )
    {
        if (info.V2Hash is null != layers is null)
            throw Bad("piece layers", "layers for a v2 or hybrid torrent, and for no other");
        return new Metainfo(info, layers, trackerTiers, webSeeds) { Comment = comment, CreatedBy = createdBy };
    }

    /// <summary>The info dictionary.</summary>
    public TorrentInfo Info { get; }

    /// <summary>Piece hashes of a v2 or hybrid torrent; null for v1-only.</summary>
    public PieceLayers? Layers { get; }

    /// <summary>Trackers by tier (BEP 12); BEP 3's single tracker is one tier of one. At most 64 in all.</summary>
    public IReadOnlyList<IReadOnlyList<string>> TrackerTiers { get; }

    /// <summary>Web seeds (BEP 19 <c>url-list</c>), at most 64.</summary>
    public IReadOnlyList<string> WebSeeds { get; }

    /// <summary>What the creator wrote, for a person to read, control characters replaced by spaces; or null.</summary>
    public string? Comment { get; private init; }

    /// <summary>The program that made it, as it said, control characters replaced by spaces; or null.</summary>
    public string? CreatedBy { get; private init; }

    /// <summary>The .torrent file for this content: canonical, without fields that this class does not hold.</summary>
    /// <param name="creationUnixSeconds">Seconds since 1970 for <c>creation date</c>, or null to leave it out.</param>
    public byte[] Encode(long? creationUnixSeconds = null)
    {
        var writer = new BencodeWriter();
        writer.StartDictionary();
        WriteTrackers(writer);
        if (Comment is not null)
            writer.WriteEntry("comment"u8, Comment);
        if (CreatedBy is not null)
            writer.WriteEntry("created by"u8, CreatedBy);
        if (creationUnixSeconds is { } created)
            writer.WriteEntry("creation date"u8, created);
        writer.WriteKey("info"u8);
        writer.WriteRaw(Info.RawBytes.Span);
        if (Layers is not null)
            WriteLayers(writer, Layers);
        if (WebSeeds.Count > 0)
        {
            writer.WriteKey("url-list"u8);
            writer.StartList();
            foreach (var url in WebSeeds)
                writer.WriteString(url);
            writer.End();
        }
        writer.End();
        return writer.ToArray();
    }

    private void WriteTrackers(BencodeWriter writer)
    {
        if (TrackerTiers.Count == 0)
            return;
        writer.WriteEntry("announce"u8, TrackerTiers[0][0]);
        if (TrackerTiers.Count == 1 && TrackerTiers[0].Count == 1)
            return;
        writer.WriteKey("announce-list"u8);
        writer.StartList();
        foreach (var tier in TrackerTiers)
        {
            writer.StartList();
            foreach (var url in tier)
                writer.WriteString(url);
            writer.End();
        }
        writer.End();
    }

    private void WriteLayers(BencodeWriter writer, PieceLayers layers)
    {
        // Files of equal content share one entry, and bencode wants the roots ascending.
        var byRoot = new SortedDictionary<Sha256Digest, int>();
        for (var index = 0; index < Info.Files.Count; index++)
        {
            if (Info.Files[index].Length > Info.PieceLength)
                byRoot[Info.Files[index].PiecesRoot] = index;
        }
        writer.WriteKey("piece layers"u8);
        writer.StartDictionary();
        foreach (var (root, index) in byRoot)
        {
            var hashes = layers.Layer(index);
            var bytes = new byte[hashes.Length * Sha256Digest.Size];
            for (var i = 0; i < hashes.Length; i++)
                hashes[i].CopyTo(bytes.AsSpan(i * Sha256Digest.Size));
            writer.WriteEntry(root.AsSpan(), bytes);
        }
        writer.End();
    }

    private static Dictionary<Sha256Digest, ReadOnlyMemory<byte>> ReadLayers(BencodeValue value, TorrentInfo info)
    {
        var layers = new Dictionary<Sha256Digest, ReadOnlyMemory<byte>>();
        if (value.Kind == BencodeKind.None)
            return layers;
        if (value.Kind != BencodeKind.Dictionary)
            throw Bad("piece layers", "a dictionary");
        var roots = info.Files.Where(file => file.Length > info.PieceLength).Select(file => file.PiecesRoot).ToHashSet();
        foreach (var (key, layer) in value.EnumerateDictionary())
        {
            if (key.Length != Sha256Digest.Size || !roots.Contains(new Sha256Digest(key.Span)))
                throw Bad("piece layers", "only roots of files longer than a piece");
            if (!layer.TryGetString(out var hashes) || !layers.TryAdd(new Sha256Digest(key.Span), hashes))
                throw Bad("piece layers", "one string for every root");
        }
        return layers;
    }

    private static List<IReadOnlyList<string>> ReadTiers(BencodeValue announce, BencodeValue announceList)
    {
        var tiers = new List<IReadOnlyList<string>>();
        if (announceList.Kind != BencodeKind.None)
        {
            if (announceList.Kind != BencodeKind.List)
                throw Bad("announce-list", "a list of lists of URLs");
            var room = MaxUrls;
            foreach (var item in announceList.EnumerateList())
            {
                if (item.Kind != BencodeKind.List)
                    throw Bad("announce-list", "a list of lists of URLs");
                if (room == 0)
                    break;
                var tier = ReadUrls(item, "announce-list", room);
                room -= tier.Count;
                if (tier.Count > 0)
                    tiers.Add(tier);
            }
        }
        // BEP 12: the single tracker counts only where there is no list.
        if (tiers.Count == 0 && announce.Kind != BencodeKind.None && ReadUrl(announce, "announce") is { Length: > 0 } url)
            tiers.Add([url]);
        return tiers;
    }

    private static List<string> ReadUrls(BencodeValue value, string field, int most = MaxUrls)
    {
        var urls = new List<string>();
        if (value.Kind == BencodeKind.String)
        {
            if (ReadUrl(value, field) is { Length: > 0 } url)
                urls.Add(url);
        }
        else if (value.Kind is not (BencodeKind.List or BencodeKind.None))
            throw Bad(field, "a list of URLs");
        foreach (var item in value.EnumerateList())
        {
            if (urls.Count == most)
                break;
            if (ReadUrl(item, field) is { Length: > 0 } url)
                urls.Add(url);
        }
        return urls;
    }

    private static string ReadUrl(BencodeValue value, string field)
    {
        if (value.TryGetString(out var bytes) && bytes.Length <= MaxUrlBytes)
        {
            try
            {
                var url = Utf8.GetString(bytes.Span);
                if (!url.Any(char.IsControl))
                    return url;
            }
            catch (DecoderFallbackException) { }
        }
        throw Bad(field, $"URLs of at most {MaxUrlBytes} bytes of UTF-8 without control characters");
    }

    // No reason to refuse a torrent: what cannot be shown is left out.
    private static string? ReadText(BencodeValue value)
    {
        if (!value.TryGetString(out var bytes) || bytes.Length is 0 or > MaxTextBytes)
            return null;
        try
        {
            return string.Concat(Utf8.GetString(bytes.Span).Select(letter => char.IsControl(letter) ? ' ' : letter));
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private static void TakeOnce(ref BencodeValue slot, BencodeValue value, string field)
    {
        if (slot.Kind != BencodeKind.None)
            throw Bad(field, "this key once");
        slot = value;
    }

    private static ContentException Bad(string field, string expected) => new($"torrent: {field}: expected {expected}");
}

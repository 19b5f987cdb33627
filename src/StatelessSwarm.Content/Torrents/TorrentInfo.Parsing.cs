using System.Security.Cryptography;
using System.Text;
using StatelessSwarm.Content.Bencoding;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Content.Torrents;

// The info dictionary: canonical bencode (sorted, unique keys), limits as the constants of the class say.
//   v1:     name, piece length, pieces, and (attr?, length) or files[] of {attr?, length, path[]}
//   v2:     name, piece length, meta version = 2, file tree of {segment: ... {"": {attr?, length, pieces root}}}
//   attr:   p pad file (v1 only), x executable, h hidden (without effect), l symbolic link (refused)
//   hybrid: both; the files, pad files (attr p) left out, are the tree's files in the tree's order, aligned to pieces.
public sealed partial class TorrentInfo
{
    /// <summary>Parses the bencoded info dictionary. The bytes are kept as they are; hashes are taken over them.</summary>
    /// <param name="raw">The exact bytes of the dictionary.</param>
    /// <exception cref="ContentException">Not a torrent: names the key and what was expected.</exception>
    public static TorrentInfo Parse(ReadOnlyMemory<byte> raw)
    {
        if (raw.Length > Metainfo.MaxBytes)
            throw new ContentException($"torrent: expected an info dictionary of at most {Metainfo.MaxBytes} bytes");
        var root = BencodeValue.Parse(raw, canonical: true);
        if (root.Kind != BencodeKind.Dictionary)
            throw Bad("info", "a dictionary");
        var draft = new Draft { Raw = raw };
        var keys = new InfoKeys();
        foreach (var (key, value) in root.EnumerateDictionary())
            keys.Take(key.Span, value);

        draft.Name = TorrentPath.Segment(StringOf(keys.Name, "name").Span, "name");
        var isV1 = keys.Pieces.Kind != BencodeKind.None;
        var isV2 = keys.MetaVersion.Kind != BencodeKind.None;
        draft.PieceLength = PieceLengthOf(keys.PieceLength, isV2);
        draft.IsPrivate = keys.Private.Kind != BencodeKind.None && IntegerOf(keys.Private, "private", 0, 1) == 1;
        if (keys.Authority.Kind != BencodeKind.None)
            draft.Authority = AuthorityOf(keys.Authority);
        if (keys.MetaVersion.Kind != BencodeKind.None)
            IntegerOf(keys.MetaVersion, "meta version", 2, 2);
        if (!isV1 && !isV2)
            throw Bad("pieces", "this key (v1) or meta version 2 (v2)");
        if (isV2)
        {
            ReadTree(keys.FileTree, draft);
            draft.V2Hash = Sha256Digest.HashData(raw.Span);
        }
        if (isV1)
        {
            ReadV1(keys, draft, isV2);
            Span<byte> hash = stackalloc byte[InfoHash.Size];
            SHA1.HashData(raw.Span, hash);
            draft.V1Hash = new InfoHash(hash);
        }
        if (draft.WireBytes == 0)
            throw Bad("length", "at least one byte of content");
        return new TorrentInfo(draft);
    }

    private static void ReadTree(BencodeValue tree, Draft draft)
    {
        if (tree.Kind != BencodeKind.Dictionary)
            throw Bad("file tree", "a dictionary");
        var files = new List<TorrentFile>();
        long next = 0;
        ReadDirectory(tree, "", 1, draft.PieceLength, files, ref next);
        draft.Files = [.. files];
        var last = files.FindLast(file => file.Length > 0);
        draft.WireBytes = last is null ? 0 : last.Offset + last.Length;
        draft.IsMultiFile = files.Count != 1 || files[0].Path != draft.Name;
        CheckPieceCount(draft);
    }

    private static void ReadDirectory(
        BencodeValue directory,
        string prefix,
        int depth,
        int pieceLength,
        List<TorrentFile> files,
        ref long next
    )
    {
        var entries = 0;
        foreach (var (key, value) in directory.EnumerateDictionary())
        {
            entries++;
            if (depth > TorrentPath.MaxSegments)
                throw Bad("file tree", $"at most {TorrentPath.MaxSegments} directories inside one another");
            var path = prefix + TorrentPath.Segment(key.Span, "file tree");
            if (value.Kind != BencodeKind.Dictionary)
                throw Bad("file tree", "a dictionary for every name");
            // Keys are sorted, so "" is the first if it is there, and the only one exactly when nothing follows its value.
            if (!value.Raw.Span.StartsWith("d0:"u8))
            {
                ReadDirectory(value, path + "/", depth + 1, pieceLength, files, ref next);
                continue;
            }
            value.TryGet(""u8, out var properties);
            if (value.Raw.Length != "d0:e".Length + properties.Raw.Length)
                throw Bad("file tree", "a name to be a file or a directory, not both");
            files.Add(ReadTreeFile(properties, path, pieceLength, ref next));
            if (files.Count > MaxFiles)
                throw Bad("file tree", $"at most {MaxFiles} files");
        }
        if (entries == 0)
            throw Bad("file tree", "no empty directory");
    }

    private static TorrentFile ReadTreeFile(BencodeValue properties, string path, int pieceLength, ref long next)
    {
        if (properties.Kind != BencodeKind.Dictionary)
            throw Bad("file tree", "a dictionary of file properties");
        properties.TryGet("length"u8, out var lengthValue);
        var length = IntegerOf(lengthValue, "file tree: length", 0, MaxContentBytes);
        var attributes = AttributesOf(properties).Span;
        if (attributes.ContainsAny((byte)'p', (byte)'l'))
            throw Bad("file tree: attr", "neither pad files nor symbolic links");
        Sha256Digest root = default;
        if (properties.TryGet("pieces root"u8, out var rootValue))
        {
            var bytes = StringOf(rootValue, "file tree: pieces root");
            if (bytes.Length != Sha256Digest.Size)
                throw Bad("file tree: pieces root", $"{Sha256Digest.Size} bytes");
            root = new Sha256Digest(bytes.Span);
        }
        if (length > 0 == root.IsZero)
            throw Bad("file tree: pieces root", "a root for every file but an empty one");
        var file = new TorrentFile(path, length, next, root) { IsExecutable = attributes.Contains((byte)'x') };
        next = Aligned(next + length, pieceLength);
        if (next > MaxContentBytes)
            throw Bad("file tree: length", $"at most {MaxContentBytes} bytes in all");
        return file;
    }

    private static void ReadV1(InfoKeys keys, Draft draft, bool isHybrid)
    {
        var pieces = StringOf(keys.Pieces, "pieces");
        if (pieces.Length % V1HashSize != 0)
            throw Bad("pieces", $"a multiple of {V1HashSize} bytes");
        var isMulti = keys.Files.Kind != BencodeKind.None;
        if (isMulti == (keys.Length.Kind != BencodeKind.None))
            throw Bad("files", "this key or length, not both");
        long wireBytes;
        List<TorrentFile> files;
        if (isMulti)
            files = ReadV1Files(keys.Files, out wireBytes);
        else
        {
            wireBytes = IntegerOf(keys.Length, "length", 0, MaxContentBytes);
            var attributes = keys.Attributes.Kind == BencodeKind.None ? default : StringOf(keys.Attributes, "attr").Span;
            if (attributes.ContainsAny((byte)'p', (byte)'l'))
                throw Bad("attr", "neither a pad file nor a symbolic link");
            files = [new TorrentFile(draft.Name, wireBytes, 0, default) { IsExecutable = attributes.Contains((byte)'x') }];
        }
        if (isHybrid)
            CheckHybrid(files, draft, isMulti, wireBytes);
        else
        {
            CheckPads(files, draft.PieceLength, wireBytes);
            draft.Files = [.. files];
        }
        draft.IsMultiFile = isMulti;
        draft.WireBytes = wireBytes;
        CheckPieceCount(draft);
        if (pieces.Length / V1HashSize != DivideUp(wireBytes, draft.PieceLength))
            throw Bad("pieces", "one hash for every piece");
        draft.V1Pieces = pieces;
    }

    private static List<TorrentFile> ReadV1Files(BencodeValue list, out long wireBytes)
    {
        if (list.Kind != BencodeKind.List)
            throw Bad("files", "a list");
        var files = new List<TorrentFile>();
        var entries = 0;
        wireBytes = 0;
        foreach (var entry in list.EnumerateList())
        {
            if (++entries > 2 * MaxFiles)
                throw Bad("files", $"at most {MaxFiles} files");
            if (entry.Kind != BencodeKind.Dictionary)
                throw Bad("files", "a list of dictionaries");
            entry.TryGet("length"u8, out var lengthValue);
            var length = IntegerOf(lengthValue, "files: length", 0, MaxContentBytes);
            var attributes = AttributesOf(entry).Span;
            if (attributes.Contains((byte)'l'))
                throw Bad("files: attr", "no symbolic links");
            if (!attributes.Contains((byte)'p'))
            {
                entry.TryGet("path"u8, out var pathValue);
                files.Add(
                    new TorrentFile(ReadV1Path(pathValue), length, wireBytes, default)
                    {
                        IsExecutable = attributes.Contains((byte)'x'),
                    }
                );
                if (files.Count > MaxFiles)
                    throw Bad("files", $"at most {MaxFiles} files");
            }
            wireBytes += length;
            if (wireBytes > MaxContentBytes)
                throw Bad("files: length", $"at most {MaxContentBytes} bytes in all");
        }
        if (files.Count == 0)
            throw Bad("files", "at least one file");
        CheckPaths(files);
        return files;
    }

    // Sorted as trees are, a file stands right before what would be inside of it.
    private static void CheckPaths(List<TorrentFile> files)
    {
        var paths = files.ConvertAll(file => file.Path);
        paths.Sort(CompareSegments);
        for (var i = 1; i < paths.Count; i++)
        {
            var (above, below) = (paths[i - 1], paths[i]);
            if (!below.StartsWith(above, StringComparison.Ordinal))
                continue;
            if (below.Length == above.Length)
                throw Bad("files: path", "every path once");
            if (below[above.Length] == '/')
                throw Bad("files: path", "a name to be a file or a directory, not both");
        }
    }

    // Ordinal, but a slash is less than any character of a name: those of control characters are not allowed.
    private static int CompareSegments(string left, string right)
    {
        var common = left.AsSpan().CommonPrefixLength(right);
        if (common == left.Length || common == right.Length)
            return left.Length.CompareTo(right.Length);
        var (first, second) = (left[common], right[common]);
        return (first == '/' ? '\0' : first).CompareTo(second == '/' ? '\0' : second);
    }

    // A piece of nothing but pad has nothing to fetch or to store; no writer makes one.
    private static void CheckPads(List<TorrentFile> files, int pieceLength, long wireBytes)
    {
        long end = 0;
        foreach (var file in files)
        {
            if (file.Length == 0)
                continue;
            if (file.Offset - Aligned(end, pieceLength) >= pieceLength)
                throw Bad("files", "a byte of a file in every piece");
            end = file.Offset + file.Length;
        }
        if (end == 0 || Aligned(end, pieceLength) < wireBytes)
            throw Bad("files", "a byte of a file in every piece");
    }

    private static string ReadV1Path(BencodeValue list)
    {
        var path = new StringBuilder();
        var segments = 0;
        if (list.Kind == BencodeKind.List)
        {
            foreach (var item in list.EnumerateList())
            {
                if (++segments > TorrentPath.MaxSegments)
                    throw Bad("files: path", $"at most {TorrentPath.MaxSegments} segments");
                if (segments > 1)
                    path.Append('/');
                path.Append(TorrentPath.Segment(StringOf(item, "files: path").Span, "files: path"));
            }
        }
        return segments > 0 ? path.ToString() : throw Bad("files: path", "a list of names");
    }

    private static void CheckHybrid(List<TorrentFile> v1Files, Draft draft, bool isMulti, long wireBytes)
    {
        if (isMulti != draft.IsMultiFile || v1Files.Count != draft.Files.Length)
            throw Bad("files", "the same files as in the file tree");
        for (var i = 0; i < v1Files.Count; i++)
        {
            var (v1, v2) = (v1Files[i], draft.Files[i]);
            if (v1.Path != v2.Path || v1.Length != v2.Length)
                throw Bad("files", "the same files as in the file tree, in its order");
            if (v1.Length > 0 && v1.Offset != v2.Offset)
                throw Bad("files", "pad files that begin every file at a piece, and no others");
        }
        // Writers differ in whether a pad file follows the last file; both are read, anything longer is not.
        if (wireBytes != draft.WireBytes && wireBytes != Aligned(draft.WireBytes, draft.PieceLength))
            throw Bad("files", "no pad beyond the last file's last piece");
    }

    // BEP 3 allows any length; what is not a whole number of blocks is not met with and not read.
    private static int PieceLengthOf(BencodeValue value, bool isV2)
    {
        var length = IntegerOf(value, "piece length", MinPieceLength, MaxPieceLength);
        if (isV2 && !long.IsPow2(length))
            throw Bad("piece length", "a power of two");
        return length % BlockRange.BlockSize == 0 ? (int)length : throw Bad("piece length", $"a multiple of {BlockRange.BlockSize}");
    }

    private static void CheckPieceCount(Draft draft)
    {
        if (DivideUp(draft.WireBytes, draft.PieceLength) > MaxPieces)
            throw Bad("piece length", $"at most {MaxPieces} pieces");
    }

    private static ReadOnlyMemory<byte> AttributesOf(BencodeValue dictionary) =>
        dictionary.TryGet("attr"u8, out var value) ? StringOf(value, "attr") : default;

    private static ReadOnlyMemory<byte> StringOf(BencodeValue value, string field) =>
        value.TryGetString(out var bytes) ? bytes : throw Bad(field, "a string");

    private static long IntegerOf(BencodeValue value, string field, long min, long max) =>
        value.TryGetInteger(out var number) && number >= min && number <= max
            ? number
            : throw Bad(field, min == max ? $"the integer {min}" : $"an integer from {min} to {max}");

    private static string AuthorityOf(BencodeValue value)
    {
        var text = StringOf(value, "ssl-cert").Span;
        return text.Length is > 0 and <= MaxAuthorityLength && !text.ContainsAnyExceptInRange((byte)'\n', (byte)'~')
            ? System.Text.Encoding.ASCII.GetString(text)
            : throw Bad("ssl-cert", $"1 to {MaxAuthorityLength} characters of ASCII: a certificate in PEM");
    }

    private static long Aligned(long offset, int pieceLength) => DivideUp(offset, pieceLength) * pieceLength;

    private static ContentException Bad(string field, string expected) => new($"torrent: {field}: expected {expected}");

    private struct InfoKeys
    {
        public BencodeValue Attributes;
        public BencodeValue Authority;
        public BencodeValue FileTree;
        public BencodeValue Files;
        public BencodeValue Length;
        public BencodeValue MetaVersion;
        public BencodeValue Name;
        public BencodeValue PieceLength;
        public BencodeValue Pieces;
        public BencodeValue Private;

        public void Take(ReadOnlySpan<byte> key, BencodeValue value)
        {
            if (key.SequenceEqual("attr"u8))
                Attributes = value;
            else if (key.SequenceEqual("file tree"u8))
                FileTree = value;
            else if (key.SequenceEqual("files"u8))
                Files = value;
            else if (key.SequenceEqual("length"u8))
                Length = value;
            else if (key.SequenceEqual("meta version"u8))
                MetaVersion = value;
            else if (key.SequenceEqual("name"u8))
                Name = value;
            else if (key.SequenceEqual("piece length"u8))
                PieceLength = value;
            else if (key.SequenceEqual("pieces"u8))
                Pieces = value;
            else if (key.SequenceEqual("private"u8))
                Private = value;
            else if (key.SequenceEqual("ssl-cert"u8))
                Authority = value;
        }
    }

    private sealed class Draft
    {
        public ReadOnlyMemory<byte> Raw { get; init; }
        public string Name { get; set; } = "";
        public InfoHash? V1Hash { get; set; }
        public Sha256Digest? V2Hash { get; set; }
        public bool IsPrivate { get; set; }
        public string? Authority { get; set; }
        public bool IsMultiFile { get; set; }
        public int PieceLength { get; set; }
        public TorrentFile[] Files { get; set; } = [];
        public ReadOnlyMemory<byte> V1Pieces { get; set; }
        public long WireBytes { get; set; }
    }
}

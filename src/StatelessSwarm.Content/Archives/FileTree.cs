namespace StatelessSwarm.Content.Archives;

/// <summary>
/// A root file system put together in memory from archives, one over the other: names, what they are, and where their data lies. Nothing is
/// unpacked, so no link of an archive leads anywhere but within the tree, and no name of it is ever opened.
/// <list type="bullet">
/// <item>A symbolic link on the way to an entry is followed, with the tree's root as "/" (as container runtimes do).</item>
/// <item>In a layer (OCI image specification, layers) <c>.wh.NAME</c> takes NAME of the layers below away, and <c>.wh..wh..opq</c> all that
/// the layers below have in its directory, whatever the order of the entries.</item>
/// <item>A directory over a directory takes its place and keeps what is in it; anything else takes away what was there.</item>
/// </list>
/// </summary>
public sealed class FileTree
{
    /// <summary>Entries of a tree.</summary>
    public const int MaxEntries = 20_000_000;

    /// <summary>Directories, one in the other.</summary>
    public const int MaxDepth = 1000;

    private const string WhiteoutPrefix = ".wh.";
    private const string Opaque = ".wh..wh..opq";
    private const int MaxLinks = 40;

    private readonly FileNode _root = new(new TarEntry { Path = "", Kind = TarEntryKind.Directory, Mode = 0x1ED }, 0, 0);
    private int _layer;

    /// <summary>Names in the tree, the root not among them.</summary>
    public int Count { get; private set; }

    /// <summary>Applies an archive over what is there.</summary>
    /// <param name="archive">Where its data lies; given back with each file.</param>
    /// <param name="reader">Its entries.</param>
    /// <param name="isLayer">Names that begin with <c>.wh.</c> take others away.</param>
    /// <param name="cancellation">Ends it between two entries.</param>
    /// <exception cref="ContentException">It is broken, or contradicts itself; the message names the path.</exception>
    public void Apply(int archive, TarReader reader, bool isLayer, CancellationToken cancellation)
    {
        _layer++;
        while (reader.Next() is { } entry)
        {
            cancellation.ThrowIfCancellationRequested();
            Apply(entry, archive, isLayer);
        }
    }

    /// <summary>
    /// Everything, the root first, each directory before what is in it, in the order of bytes. A file of several names is one
    /// <see cref="TarEntryKind.File"/> under its first name, and <see cref="TarEntryKind.HardLink"/> under the others.
    /// </summary>
    public IEnumerable<PlacedFile> Walk()
    {
        var firstNames = new Dictionary<FileContent, string>();
        var waiting = new Stack<(string Path, FileNode Node)>();
        waiting.Push(("", _root));
        while (waiting.TryPop(out var next))
        {
            var (path, node) = next;
            var content = node.Content;
            if (node.Children is null && !firstNames.TryAdd(content, path))
                yield return new PlacedFile(content.Entry with { Path = path, Kind = TarEntryKind.HardLink, LinkTarget = firstNames[content], Length = 0 }, content.Archive);
            else
                yield return new PlacedFile(content.Entry with { Path = path }, content.Archive);
            if (node.Children is not { } children)
                continue;
            foreach (var (name, child) in children.OrderByDescending(child => child.Key, StringComparer.Ordinal))
                waiting.Push((path.Length == 0 ? name : $"{path}/{name}", child));
        }
    }

    private void Apply(TarEntry entry, int archive, bool isLayer)
    {
        if (entry.Path.Length == 0)
        {
            if (entry.Kind != TarEntryKind.Directory)
                throw new ContentException("tar: the root is no directory");
            _root.Content = new FileContent(entry, archive);
            return;
        }
        var slash = entry.Path.LastIndexOf('/');
        var name = entry.Path[(slash + 1)..];
        var isWhiteout = isLayer && name.StartsWith(WhiteoutPrefix, StringComparison.Ordinal);
        var parent = Resolve(slash < 0 ? "" : entry.Path[..slash], entry.Path, makes: !isWhiteout);
        if (!isWhiteout)
            Put(parent!, name, entry, archive);
        else if (parent is not null)
            WhiteOut(parent, name);
    }

    private void Put(FileNode parent, string name, TarEntry entry, int archive)
    {
        var children = parent.Children!;
        children.TryGetValue(name, out var there);
        if (entry.Kind == TarEntryKind.HardLink)
        {
            var target = Find(entry.LinkTarget, entry.Path);
            if (target?.Children is not null)
                throw new ContentException($"tar: {TarEntry.Display(entry.Path)}: a hard link to a directory");
            if (target is null)
                throw new ContentException(
                    $"tar: {TarEntry.Display(entry.Path)}: a hard link to {TarEntry.Display(entry.LinkTarget)}, which is not there"
                );
            if (target == there)
                return;
            Remove(parent, name);
            Add(parent, name, new FileNode(target.Content, _layer, parent.Depth + 1));
            return;
        }
        var content = new FileContent(entry, archive);
        if (there?.Children is not null && entry.Kind == TarEntryKind.Directory)
        {
            there.Content = content;
            there.Layer = _layer;
            return;
        }
        Remove(parent, name);
        Add(parent, name, new FileNode(content, _layer, parent.Depth + 1));
    }

    private void WhiteOut(FileNode parent, string name)
    {
        if (name == Opaque)
        {
            foreach (var child in parent.Children!.Keys.ToList())
                RemoveLower(parent, child);
        }
        // Other names that begin with ".wh..wh." are a union file system's own.
        else if (!name.StartsWith(WhiteoutPrefix + WhiteoutPrefix, StringComparison.Ordinal) && name.Length > WhiteoutPrefix.Length)
        {
            RemoveLower(parent, name[WhiteoutPrefix.Length..]);
        }
    }

    private void RemoveLower(FileNode parent, string name)
    {
        if (!parent.Children!.TryGetValue(name, out var node))
            return;
        if (node.Children is { } children)
        {
            foreach (var child in children.Keys.ToList())
                RemoveLower(node, child);
        }
        if (node.Layer < _layer && node.Children is not { Count: > 0 })
            Remove(parent, name);
    }

    private void Add(FileNode parent, string name, FileNode node)
    {
        if (node.Depth > MaxDepth)
            throw new ContentException($"tar: more than {MaxDepth} directories, one in the other");
        if (++Count > MaxEntries)
            throw new ContentException($"tar: more than {MaxEntries} entries");
        parent.Children!.Add(name, node);
    }

    private void Remove(FileNode parent, string name)
    {
        if (parent.Children!.Remove(name, out var node))
            Count -= node.CountAll();
    }

    /// <summary>The directory a path leads to; with <paramref name="makes"/>, what is missing of it is made. Null if it is not there.</summary>
    private FileNode? Resolve(string path, string entry, bool makes)
    {
        var links = 0;
        var trail = new Stack<FileNode>([_root]);
        var parts = new Stack<string>(path.Split('/').Reverse());
        while (parts.TryPop(out var part))
        {
            if (part.Length is 0 || part == ".")
                continue;
            if (part == "..")
            {
                if (trail.Count > 1)
                    trail.Pop();
                continue;
            }
            var here = trail.Peek();
            if (!here.Children!.TryGetValue(part, out var next))
            {
                if (!makes)
                    return null;
                next = new FileNode(new TarEntry { Path = "", Kind = TarEntryKind.Directory, Mode = 0x1ED }, _layer, here.Depth + 1);
                Add(here, part, next);
            }
            if (next.Content.Entry.Kind == TarEntryKind.SymbolicLink)
            {
                if (++links > MaxLinks)
                    throw new ContentException($"tar: {TarEntry.Display(entry)}: more than {MaxLinks} symbolic links on the way");
                var target = next.Content.Entry.LinkTarget;
                if (target.StartsWith('/'))
                    trail = new Stack<FileNode>([_root]);
                foreach (var step in target.Split('/').Reverse())
                    parts.Push(step);
                continue;
            }
            if (next.Children is null)
                return makes ? throw new ContentException($"tar: {TarEntry.Display(entry)}: lies under {TarEntry.Display(part)}, which is no directory") : null;
            trail.Push(next);
        }
        return trail.Peek();
    }

    private FileNode? Find(string path, string entry)
    {
        var slash = path.LastIndexOf('/');
        return Resolve(slash < 0 ? "" : path[..slash], entry, makes: false)?.Children!.GetValueOrDefault(path[(slash + 1)..]);
    }

    private sealed class FileNode(FileContent content, int layer, int depth)
    {
        public FileNode(TarEntry entry, int layer, int depth)
            : this(new FileContent(entry, 0), layer, depth) { }

        public FileContent Content { get; set; } = content;

        public int Layer { get; set; } = layer;

        public int Depth { get; } = depth;

        /// <summary>What is in a directory; null for all else.</summary>
        public Dictionary<string, FileNode>? Children { get; } = content.Entry.Kind == TarEntryKind.Directory ? new(StringComparer.Ordinal) : null;

        public int CountAll()
        {
            var count = 0;
            var waiting = new Stack<FileNode>([this]);
            while (waiting.TryPop(out var node))
            {
                count++;
                foreach (var child in node.Children?.Values ?? Enumerable.Empty<FileNode>())
                    waiting.Push(child);
            }
            return count;
        }
    }

    /// <summary>A file, which may have several names. Equal only to itself.</summary>
    private sealed class FileContent(TarEntry entry, int archive)
    {
        public TarEntry Entry { get; } = entry;

        public int Archive { get; } = archive;
    }
}

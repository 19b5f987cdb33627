using StatelessSwarm.Trust.Durability;

namespace StatelessSwarm.Trust.Tests;

/// <summary>
/// File operations that end at one of them, as a power cut does: that one and all after it fail. A write that is cut leaves
/// half its bytes. Keeps a log of what was done, and can take back what no fsync has made durable: <see cref="LoseUnsynced"/>.
/// </summary>
internal sealed class FaultyFiles : DurableFiles
{
    private readonly int _cutAt;
    private readonly List<Unsynced> _unsynced = [];
    private int _done;

    /// <param name="cutAt">Number of operations that still work.</param>
    public FaultyFiles(int cutAt) => _cutAt = cutAt;

    public List<string> Log { get; } = [];

    public bool WasCut => _done > _cutAt;

    /// <summary>
    /// The worst disk that keeps its promises: every name whose directory and every byte whose file was not fsynced is gone,
    /// newest first.
    /// </summary>
    public void LoseUnsynced()
    {
        for (var index = _unsynced.Count - 1; index >= 0; index--)
            _unsynced[index].Lose(_unsynced[index].Path);
        _unsynced.Clear();
    }

    public override Stream CreateNew(string path, UnixFileMode mode = PlainMode)
    {
        Step($"create {path}");
        var file = (FileStream)base.CreateNew(path, mode);
        _unsynced.Add(new Unsynced(null, path, Empty));
        _unsynced.Add(new Unsynced(Path.GetDirectoryName(path), path, File.Delete));
        return new CutStream(this, file);
    }

    public override void Flush(Stream file)
    {
        var stream = (CutStream)file;
        Step($"flush {stream.Inner.Name}");
        base.Flush(stream.Inner);
        _unsynced.RemoveAll(each => each.Directory is null && each.Path == stream.Inner.Name);
    }

    public override void CreateDirectory(string path)
    {
        Step($"mkdir {path}");
        base.CreateDirectory(path);
        _unsynced.Add(new Unsynced(Path.GetDirectoryName(path), path, DeleteIfThere));
    }

    public override void RenameFile(string source, string target)
    {
        Step($"rename {source} {target}");
        var before = File.Exists(target) ? File.ReadAllBytes(target) : null;
        base.RenameFile(source, target);
        Rename(
            source,
            target,
            _ =>
            {
                File.Move(target, source);
                if (before is not null)
                    File.WriteAllBytes(target, before);
            }
        );
    }

    public override void RenameDirectory(string source, string target)
    {
        Step($"renamedir {source} {target}");
        base.RenameDirectory(source, target);
        Rename(source, target, _ => Directory.Move(target, source));
    }

    public override void DeleteDirectory(string path)
    {
        Step($"delete {path}");
        base.DeleteDirectory(path);
        _unsynced.RemoveAll(each => each.Path == path || each.Path.StartsWith(path + "/", StringComparison.Ordinal));
    }

    public override void SyncDirectory(string path)
    {
        Step($"sync {path}");
        base.SyncDirectory(path);
        _unsynced.RemoveAll(each => each.Directory == path);
    }

    /// <summary>
    /// A rename that lasts takes the old name with it; one that does not brings back what was there. Bytes that were not
    /// fsynced go along to the new name.
    /// </summary>
    private void Rename(string source, string target, Action<string> undo)
    {
        _unsynced.RemoveAll(each => each.Directory is not null && each.Path == source);
        for (var index = 0; index < _unsynced.Count; index++)
        {
            var each = _unsynced[index];
            if (each.Directory is null && (each.Path == source || each.Path.StartsWith(source + "/", StringComparison.Ordinal)))
                _unsynced[index] = each with { Path = target + each.Path[source.Length..] };
        }
        _unsynced.Add(new Unsynced(Path.GetDirectoryName(target), target, undo));
    }

    private static void Empty(string path)
    {
        if (File.Exists(path))
            File.WriteAllBytes(path, []);
    }

    private static void DeleteIfThere(string path)
    {
        if (Directory.Exists(path))
            Directory.Delete(path, recursive: true);
    }

    private void Step(string what)
    {
        if (_done++ >= _cutAt)
            throw new IOException($"cut at: {what}");
        Log.Add(what);
    }

    /// <param name="Directory">Whose fsync makes it last; null for the bytes of a file.</param>
    /// <param name="Path">What it is about.</param>
    /// <param name="Lose">Takes it back; told <paramref name="Path"/>.</param>
    private sealed record Unsynced(string? Directory, string Path, Action<string> Lose);

    private sealed class CutStream(FaultyFiles owner, FileStream inner) : Stream
    {
        public FileStream Inner => inner;

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => inner.Length;

        public override long Position
        {
            get => inner.Position;
            set => throw new NotSupportedException();
        }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            try
            {
                owner.Step($"write {inner.Name}");
            }
            catch (IOException)
            {
                inner.Write(buffer[..(buffer.Length / 2)]);
                throw;
            }
            inner.Write(buffer);
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Flush() => inner.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                inner.Dispose();
            base.Dispose(disposing);
        }
    }
}

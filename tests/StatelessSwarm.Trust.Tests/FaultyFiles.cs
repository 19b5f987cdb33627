using StatelessSwarm.Trust.Durability;

namespace StatelessSwarm.Trust.Tests;

/// <summary>
/// File operations that end at one of them, as a power cut does: that one and all after it fail. A write that is cut leaves
/// half its bytes. Keeps a log of what was done.
/// </summary>
internal sealed class FaultyFiles : DurableFiles
{
    private readonly int _cutAt;
    private int _done;

    /// <param name="cutAt">Number of operations that still work.</param>
    public FaultyFiles(int cutAt) => _cutAt = cutAt;

    public List<string> Log { get; } = [];

    public bool WasCut => _done > _cutAt;

    public override Stream CreateNew(string path, UnixFileMode mode = PlainMode)
    {
        Step($"create {path}");
        return new CutStream(this, (FileStream)base.CreateNew(path, mode));
    }

    public override void Flush(Stream file)
    {
        var stream = (CutStream)file;
        Step($"flush {stream.Inner.Name}");
        base.Flush(stream.Inner);
    }

    public override void CreateDirectory(string path)
    {
        Step($"mkdir {path}");
        base.CreateDirectory(path);
    }

    public override void RenameFile(string source, string target)
    {
        Step($"rename {source} {target}");
        base.RenameFile(source, target);
    }

    public override void RenameDirectory(string source, string target)
    {
        Step($"renamedir {source} {target}");
        base.RenameDirectory(source, target);
    }

    public override void DeleteDirectory(string path)
    {
        Step($"delete {path}");
        base.DeleteDirectory(path);
    }

    public override void SyncDirectory(string path)
    {
        Step($"sync {path}");
        base.SyncDirectory(path);
    }

    private void Step(string what)
    {
        if (_done++ >= _cutAt)
            throw new IOException($"cut at: {what}");
        Log.Add(what);
    }

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

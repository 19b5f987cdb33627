using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Swarm.Storage;

/// <summary>
/// Which pieces of a torrent were verified and written, so that a restart does not fetch or hash them again.
/// <para>Layout: 8 bytes <c>SSJRNL01</c>, 32 bytes v2 info hash (v1-only torrents: 20 bytes v1 info hash, 12 zeros), 16 bytes boot id, then one 4-byte little-endian piece index
/// per verified piece, appended by single writes. A process that is killed loses at most the blocks in flight, because the page
/// cache outlives it. After a power cut the page cache is gone and the boot id differs: the entries are then hints, and
/// the caller hashes those pieces again.</para>
/// </summary>
public sealed class ResumeJournal : IDisposable
{
    private const int HeaderSize = 56;
    private const int BootIdOffset = 40;
    private const int BootIdSize = 16;
    private readonly SafeFileHandle _handle;
    private long _length;

    private ResumeJournal(SafeFileHandle handle, long length)
    {
        _handle = handle;
        _length = length;
    }

    private static ReadOnlySpan<byte> Magic => "SSJRNL01"u8;

    /// <summary>What a journal is known by: the full v2 info hash, or the v1 one and zeros.</summary>
    internal static Sha256Digest KeyOf(TorrentInfo info)
    {
        if (info.V2Hash is { } v2)
            return v2;
        Span<byte> key = stackalloc byte[Sha256Digest.Size];
        info.V1Hash!.Value.CopyTo(key);
        return new Sha256Digest(key);
    }

    /// <summary>Opens or starts the journal of a torrent; one of another torrent or a broken one is started anew.</summary>
    /// <param name="path">Absolute path.</param>
    /// <param name="torrent">As <see cref="KeyOf"/> says.</param>
    /// <param name="bootId">16 bytes that differ between boots of the machine.</param>
    /// <param name="pieceCount">Pieces in the torrent.</param>
    /// <param name="recorded">Pieces recorded, ascending.</param>
    /// <param name="isSameBoot">False when the entries were made before a reboot and must be hashed before they count.</param>
    internal static ResumeJournal Open(
        string path,
        Sha256Digest torrent,
        ReadOnlySpan<byte> bootId,
        int pieceCount,
        out IReadOnlyList<PieceIndex> recorded,
        out bool isSameBoot
    )
    {
        recorded = ReadRecorded(path, torrent, bootId, pieceCount, out isSameBoot);
        // A new file renamed over the old one: a kill in between leaves one or the other, never a mixture of two boots.
        var fresh = path + ".new";
        var handle = File.OpenHandle(
            fresh,
            FileMode.Create,
            FileAccess.ReadWrite,
            FileShare.ReadWrite | FileShare.Delete
        );
        try
        {
            var bytes = Encode(torrent, bootId, isSameBoot ? recorded : []);
            RandomAccess.Write(handle, bytes, 0);
            File.Move(fresh, path, overwrite: true);
            return new ResumeJournal(handle, bytes.Length);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Records a piece.</summary>
    internal void Append(PieceIndex piece)
    {
        Span<byte> record = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(record, piece.Value);
        RandomAccess.Write(_handle, record, _length);
        _length += record.Length;
    }

    /// <summary>
    /// Makes every entry of a journal a hint, so that the next start hashes those pieces before they count. For files that turned out
    /// wrong although each block was right when it came. No journal is no fault.
    /// </summary>
    /// <exception cref="IOException">The journal cannot be written; names it.</exception>
    public static void Distrust(string path)
    {
        if (!File.Exists(path))
            return;
        using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        if (RandomAccess.GetLength(handle) >= HeaderSize)
            RandomAccess.Write(handle, new byte[BootIdSize], BootIdOffset);
    }

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();

    private static List<PieceIndex> ReadRecorded(
        string path,
        Sha256Digest torrent,
        ReadOnlySpan<byte> bootId,
        int pieceCount,
        out bool isSameBoot
    )
    {
        isSameBoot = true;
        var recorded = new List<PieceIndex>();
        if (!File.Exists(path))
            return recorded;
        using var handle = File.OpenHandle(path);
        var length = RandomAccess.GetLength(handle);
        // More records than pieces cannot come from us: do not read a file of any size because it lies there.
        if (length < HeaderSize || length > HeaderSize + (2L * sizeof(int) * pieceCount))
            return recorded;
        var bytes = new byte[length];
        if (RandomAccess.Read(handle, bytes, 0) != length)
            return recorded;
        var span = bytes.AsSpan();
        if (!span.StartsWith(Magic) || !span.Slice(8, 32).SequenceEqual(torrent.AsSpan()))
            return recorded;
        isSameBoot = span.Slice(BootIdOffset, BootIdSize).SequenceEqual(bootId);
        var seen = new bool[pieceCount];
        for (var at = HeaderSize; at + sizeof(int) <= length; at += sizeof(int))
        {
            var piece = BinaryPrimitives.ReadInt32LittleEndian(span[at..]);
            if (piece >= 0 && piece < pieceCount)
                seen[piece] = true;
        }
        for (var piece = 0; piece < pieceCount; piece++)
        {
            if (seen[piece])
                recorded.Add(new PieceIndex(piece));
        }
        return recorded;
    }

    private static byte[] Encode(Sha256Digest torrent, ReadOnlySpan<byte> bootId, IReadOnlyList<PieceIndex> pieces)
    {
        var bytes = new byte[HeaderSize + (sizeof(int) * pieces.Count)];
        Magic.CopyTo(bytes);
        torrent.CopyTo(bytes.AsSpan(8));
        bootId.CopyTo(bytes.AsSpan(BootIdOffset, BootIdSize));
        for (var i = 0; i < pieces.Count; i++)
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(HeaderSize + (sizeof(int) * i)), pieces[i].Value);
        return bytes;
    }
}

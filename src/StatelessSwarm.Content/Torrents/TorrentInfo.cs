using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Content.Torrents;

/// <summary>
/// The info dictionary of a torrent (BEP 3, 27, 47, 52), immutable. Knows how the piece space maps to files.
/// <para><see cref="WireLength"/> is what v1 calls the length of a piece (pad bytes included);
/// <see cref="ContentLength"/> is the part of it that belongs to a file, which is what v2 hashes and what a node
/// requests. They differ only in the last piece of a file in hybrid torrents.</para>
/// </summary>
public sealed partial class TorrentInfo
{
    /// <summary>Parses the bencoded info dictionary. The bytes are kept as they are; hashes are taken over them.</summary>
    /// <param name="raw">The exact bytes of the dictionary.</param>
    /// <exception cref="ContentException">Not a torrent: names the key and what was expected.</exception>
    public static TorrentInfo Parse(ReadOnlyMemory<byte> raw) => throw new NotImplementedException();

    /// <summary>The exact bytes that the info hashes cover; what BEP 9 transfers.</summary>
    public ReadOnlyMemory<byte> RawBytes => throw new NotImplementedException();

    /// <summary>Suggested name: of the file, or of the directory that holds the files.</summary>
    public string Name => throw new NotImplementedException();

    /// <summary>v1 info hash (SHA-1), or null for v2-only torrents.</summary>
    public InfoHash? V1Hash => throw new NotImplementedException();

    /// <summary>v2 info hash (SHA-256), or null for v1-only torrents.</summary>
    public Sha256Digest? V2Hash => throw new NotImplementedException();

    /// <summary>True when the torrent is private (BEP 27): tracker peers only.</summary>
    public bool IsPrivate => throw new NotImplementedException();

    /// <summary>True when files lie in a directory called <see cref="Name"/>; false for a single file.</summary>
    public bool IsMultiFile => throw new NotImplementedException();

    /// <summary>Nominal bytes per piece: a power of two, 16 KiB to 64 MiB.</summary>
    public int PieceLength => throw new NotImplementedException();

    /// <summary>Number of pieces.</summary>
    public int PieceCount => throw new NotImplementedException();

    /// <summary>Sum of the files' lengths, without pad bytes.</summary>
    public long ContentBytes => throw new NotImplementedException();

    /// <summary>Payload files in piece order.</summary>
    public IReadOnlyList<TorrentFile> Files => throw new NotImplementedException();

    /// <summary>Bytes of the piece as v1 counts them: the piece length, less in the torrent's last piece.</summary>
    public int WireLength(PieceIndex piece) => throw new NotImplementedException();

    /// <summary>Bytes of the piece that belong to a file (v2 and hybrid); equal to <see cref="WireLength"/> in v1.</summary>
    public int ContentLength(PieceIndex piece) => throw new NotImplementedException();

    /// <summary>Number of 16 KiB blocks in <see cref="ContentLength"/>, the last one possibly short.</summary>
    public int BlockCount(PieceIndex piece) => throw new NotImplementedException();

    /// <summary>
    /// The file that holds the piece (v2 and hybrid: exactly one) and the piece's first byte in it.
    /// </summary>
    public (int FileIndex, long FileOffset) Locate(PieceIndex piece) => throw new NotImplementedException();

    /// <summary>The 20-byte SHA-1 of the piece (v1 and hybrid); empty for v2-only torrents.</summary>
    public ReadOnlySpan<byte> V1PieceHash(PieceIndex piece) => throw new NotImplementedException();
}

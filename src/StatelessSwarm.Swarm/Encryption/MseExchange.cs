namespace StatelessSwarm.Swarm.Encryption;

/// <summary>
/// One side of an MSE handshake, without I/O: bytes in by <see cref="Feed"/>, bytes out by <see cref="TakeOutput"/>.
/// <code>
/// 1  A to B  Ya (96), PadA (0-512)
/// 2  B to A  Yb (96), PadB (0-512)
/// 3  A to B  HASH('req1', S) (20), HASH('req2', SKEY) xor HASH('req3', S) (20),
///            RC4 by keyA of: VC (8 zeros), crypto_provide (4), len PadC (2), PadC (0-512), len IA (2), IA
/// 4  B to A  RC4 by keyB of: VC (8 zeros), crypto_select (4), len PadD (2), PadD (0-512)
/// </code>
/// Numbers are big-endian. IA is what A would send first, its BitTorrent handshake. Pads have no length that the other side could
/// know: A looks for the encrypted VC, B for HASH('req1', S). Everything is bounded by the size of the buffer.
/// </summary>
internal abstract class MseExchange
{
    /// <summary>Longest pad.</summary>
    public const int MaxPad = 512;

    /// <summary>Longest IA taken; a BitTorrent handshake has 68 bytes.</summary>
    public const int MaxEarly = 4096;

    /// <summary>Bytes of the verification constant, zeros.</summary>
    protected const int ConstantSize = 8;

    /// <summary>The constant, the methods, the length of a pad.</summary>
    protected const int HeadSize = ConstantSize + 4 + 2;

    private readonly byte[] _buffer;
    private readonly List<byte> _output = [];
    private int _filled;
    private int _taken;

    /// <summary>A side that takes so many bytes at most.</summary>
    protected MseExchange(int mostBytes) => _buffer = new byte[mostBytes];

    /// <summary>What it waits for.</summary>
    public MseStatus Status { get; protected set; }

    /// <summary>Most bytes to feed next; more could be those of the connection that follows.</summary>
    public int Wanted { get; private set; }

    /// <summary>What the connection goes on with; null for plaintext.</summary>
    public StreamCipher? Cipher { get; protected set; }

    /// <summary>What the other side sent along for the connection that follows, decrypted.</summary>
    public ReadOnlyMemory<byte> Early { get; protected set; }

    /// <summary>The other side's public key, once it is there.</summary>
    protected byte[] TheirKey { get; private set; } = [];

    /// <summary>Bytes received and not yet taken.</summary>
    protected Span<byte> Waiting => _buffer.AsSpan(_taken, _filled - _taken);

    /// <summary>Room for bytes to come.</summary>
    protected int Room => _buffer.Length - _filled;

    /// <summary>Takes bytes, at most <see cref="Wanted"/>, while the status is <see cref="MseStatus.Bytes"/>.</summary>
    public void Feed(ReadOnlySpan<byte> bytes)
    {
        if (Status != MseStatus.Bytes || bytes.Length > Wanted)
            throw new InvalidOperationException("These bytes are not wanted.");
        bytes.CopyTo(_buffer.AsSpan(_filled));
        _filled += bytes.Length;
        Wanted -= bytes.Length;
        Parse();
    }

    /// <summary>Computes, while the status is <see cref="MseStatus.Work"/>.</summary>
    public abstract void Work();

    /// <summary>What is to be sent now, once.</summary>
    public byte[] TakeOutput()
    {
        byte[] output = [.. _output];
        _output.Clear();
        return output;
    }

    /// <summary>Reads as far as there are bytes: takes, wants, or changes the status.</summary>
    protected abstract void Parse();

    /// <summary>Waits for bytes.</summary>
    protected void Want(int atMost)
    {
        Wanted = Math.Min(atMost, Room);
        Status = Wanted > 0 ? MseStatus.Bytes : MseStatus.Fault;
    }

    /// <summary>Takes bytes from the front of <see cref="Waiting"/>.</summary>
    protected Span<byte> Take(int count)
    {
        var taken = Waiting[..count];
        _taken += count;
        return taken;
    }

    /// <summary>To be sent.</summary>
    protected void Put(ReadOnlySpan<byte> bytes) => _output.AddRange(bytes);

    /// <summary>To be sent, encrypted.</summary>
    protected void Put(ReadOnlySpan<byte> bytes, Rc4 cipher)
    {
        var copy = bytes.ToArray();
        cipher.Apply(copy);
        Put(copy);
    }

    /// <summary>Takes the other side's public key, which wants computing; false when there are too few bytes.</summary>
    protected bool ReadKey()
    {
        if (Waiting.Length < KeyExchange.KeySize)
            return false;
        TheirKey = Take(KeyExchange.KeySize).ToArray();
        Status = MseStatus.Work;
        return true;
    }
}

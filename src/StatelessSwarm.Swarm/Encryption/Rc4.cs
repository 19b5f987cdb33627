namespace StatelessSwarm.Swarm.Encryption;

/// <summary>The RC4 stream cipher, which is broken as a cipher: it serves to make traffic look like noise (MSE). 256 bytes of state.</summary>
internal sealed class Rc4
{
    private readonly byte[] _state = new byte[256];
    private int _i;
    private int _j;

    /// <summary>Schedules a key of 1 to 256 bytes.</summary>
    public Rc4(ReadOnlySpan<byte> key)
    {
        ArgumentOutOfRangeException.ThrowIfZero(key.Length, nameof(key));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(key.Length, 256, nameof(key));
        for (var i = 0; i < 256; i++)
            _state[i] = (byte)i;
        for (int i = 0, j = 0; i < 256; i++)
        {
            j = (j + _state[i] + key[i % key.Length]) & 0xff;
            (_state[i], _state[j]) = (_state[j], _state[i]);
        }
    }

    /// <summary>Encrypts or decrypts in place, and moves on by as many bytes.</summary>
    public void Apply(Span<byte> data)
    {
        var state = _state;
        var (i, j) = (_i, _j);
        for (var index = 0; index < data.Length; index++)
        {
            i = (i + 1) & 0xff;
            var one = state[i];
            j = (j + one) & 0xff;
            var other = state[j];
            state[i] = other;
            state[j] = one;
            data[index] ^= state[(one + other) & 0xff];
        }
        (_i, _j) = (i, j);
    }

    /// <summary>Throws key stream away.</summary>
    public void Skip(int count)
    {
        Span<byte> waste = stackalloc byte[256];
        for (; count > 0; count -= waste.Length)
            Apply(waste[..Math.Min(count, waste.Length)]);
    }
}

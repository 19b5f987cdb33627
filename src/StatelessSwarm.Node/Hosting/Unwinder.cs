namespace StatelessSwarm.Node.Hosting;

/// <summary>Disposes what was made so far, the newest first, when making the rest failed.</summary>
internal sealed class Unwinder : IAsyncDisposable
{
    private readonly Stack<object> _parts = [];

    /// <summary>Takes charge of a part until <see cref="Keep"/>.</summary>
    public T Add<T>(T part)
        where T : class
    {
        _parts.Push(part);
        return part;
    }

    /// <summary>All is made: the parts belong to somebody else.</summary>
    public void Keep() => _parts.Clear();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        while (_parts.TryPop(out var part))
        {
            if (part is IAsyncDisposable asynchronous)
                await asynchronous.DisposeAsync();
            else if (part is IDisposable disposable)
                disposable.Dispose();
        }
    }
}

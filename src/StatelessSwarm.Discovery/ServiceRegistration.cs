using System.Net;
using Microsoft.Extensions.Logging;

namespace StatelessSwarm.Discovery;

/// <summary>A service being announced; disposing it says goodbye (TTL 0).</summary>
public sealed partial class ServiceRegistration : IAsyncDisposable
{
    /// <summary>The instance label in use, after conflicts.</summary>
    public string Instance => throw new NotImplementedException();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}

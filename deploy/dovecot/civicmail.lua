-- Dovecot asks Civicmail who may read which mailbox (dovecot-auth-lua). Settings: url of the pages, secret_file (keys/doors.key).
local http, base, secret

local function quoted(text)
  return '"' .. (text:gsub('[%c"\\\x7f]', function(c) return string.format("\\u%04x", c:byte()) end)) .. '"'
end

local function ask(path, fields)
  local parts = {}
  for key, value in pairs(fields) do parts[#parts + 1] = quoted(key) .. ":" .. quoted(value or "") end
  local request = http:request { url = base .. path, method = "POST" }
  request:add_header("Content-Type", "application/json")
  request:add_header("X-Civicmail-Door", secret)
  request:set_payload("{" .. table.concat(parts, ",") .. "}")
  local answer = request:submit()
  return answer:status(), answer:payload()
end

function script_init(settings)
  base = settings["url"]
  local file = io.open(settings["secret_file"], "r")
  if file == nil then return -1 end
  secret = file:read("l")
  file:close()
  http = dovecot.http.client { request_timeout = "5s", connect_timeout = "1s", request_max_attempts = 1, auto_retry = "no" }
  return 0
end

function script_deinit() end

-- The mailbox that opens is Civicmail's answer, not what was typed: one person, one folder, whatever the name.
function auth_password_verify(req, password)
  local status, body = ask("/doors/password", { user = req.user, protocol = req.protocol, client = req.remote_ip, password = password })
  if status ~= 200 then return dovecot.auth.PASSDB_RESULT_INTERNAL_FAILURE, "Civicmail answered " .. status end
  local user = body:match('"user": *"([^"\\]+)"')
  if body:find('"ok": *true') and user then return dovecot.auth.PASSDB_RESULT_OK, { user = user } end
  local why = body:match('"why": *"([^"\\]+)"')
  if why then return dovecot.auth.PASSDB_RESULT_OK, { nologin = "y", reason = why } end
  return dovecot.auth.PASSDB_RESULT_PASSWORD_MISMATCH, "refused"
end

function auth_userdb_lookup(req)
  local status, body = ask("/doors/user", { user = req.user, protocol = req.protocol, master = req.master_user, client = req.remote_ip })
  if status == 404 then return dovecot.auth.USERDB_RESULT_USER_UNKNOWN, "no such mailbox" end
  if status ~= 200 then return dovecot.auth.USERDB_RESULT_INTERNAL_FAILURE, "Civicmail answered " .. status end
  return dovecot.auth.USERDB_RESULT_OK, { user = body:match('"user": *"([^"\\]+)"') }
end

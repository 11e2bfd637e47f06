import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import './shell/useTheme'
import './styles.css'
import { App } from './shell/App'

const root = document.getElementById('root')
if (root)
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  )
